import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StorageModule } from '../storage/index.js';
import { CreateDatasetController } from './create-dataset.controller.js';
import { DatasetsController } from './datasets.controller.js';
import { DatasetsRepository } from './datasets.repository.js';
import { DatasetsService } from './datasets.service.js';
import { Component } from './entities/component.entity.js';
import { DatasetContent } from './entities/dataset-content.entity.js';
import { DatasetRef } from './entities/dataset-ref.entity.js';
import { DatasetTag } from './entities/dataset-tag.entity.js';
import { DatasetVersion } from './entities/dataset-version.entity.js';
import { Dataset } from './entities/dataset.entity.js';
import { LayerEntry } from './entities/layer-entry.entity.js';
import { Layer } from './entities/layer.entity.js';
import { VersionLayer } from './entities/version-layer.entity.js';
import { ArchiveController } from './versions/archive/archive.controller.js';
import { ArchiveService } from './versions/archive/archive.service.js';
import { CommitBodyReader } from './versions/commit-body.js';
import { CommitController } from './versions/commit.controller.js';
import { CommitService } from './versions/commit.service.js';
import { CommitWriter } from './versions/commit-writer.js';
import { ComponentsRepository } from './versions/components.repository.js';
import { LayerCompactor } from './versions/layer-compactor.service.js';
import { LayersRepository } from './versions/layers.repository.js';
import { VersionReader } from './versions/version-reader.service.js';
import { VersionsController } from './versions/versions.controller.js';
import { VersionsRepository } from './versions/versions.repository.js';

/** Datasets and their immutable versions. */
@Module({
  imports: [
    StorageModule,
    TypeOrmModule.forFeature([
      Component,
      Dataset,
      DatasetContent,
      DatasetRef,
      DatasetTag,
      DatasetVersion,
      Layer,
      LayerEntry,
      VersionLayer,
    ]),
  ],
  controllers: [
    ArchiveController,
    CommitController,
    CreateDatasetController,
    DatasetsController,
    VersionsController,
  ],
  providers: [
    ArchiveService,
    CommitBodyReader,
    CommitService,
    CommitWriter,
    ComponentsRepository,
    DatasetsRepository,
    DatasetsService,
    LayerCompactor,
    LayersRepository,
    VersionReader,
    VersionsRepository,
  ],
})
export class DatasetsModule {}
