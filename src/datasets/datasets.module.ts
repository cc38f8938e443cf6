import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StorageModule } from '../storage/index.js';
import { BatchesController } from './batches/batches.controller.js';
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
import { StatisticsController } from './statistics/statistics.controller.js';
import { StatisticsRepository } from './statistics/statistics.repository.js';
import { StatisticsService } from './statistics/statistics.service.js';
import { DatasetTagsController } from './tags/dataset-tags.controller.js';
import { TagsController } from './tags/tags.controller.js';
import { TagsRepository } from './tags/tags.repository.js';
import { TagsService } from './tags/tags.service.js';
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
    BatchesController,
    DatasetsController,
    DatasetTagsController,
    StatisticsController,
    TagsController,
    VersionsController,
  ],
  providers: [
    CommitService,
    CommitWriter,
    ComponentsRepository,
    DatasetsRepository,
    DatasetsService,
    LayerCompactor,
    LayersRepository,
    StatisticsRepository,
    StatisticsService,
    TagsRepository,
    TagsService,
    VersionReader,
    VersionsRepository,
  ],
})
export class DatasetsModule {}
