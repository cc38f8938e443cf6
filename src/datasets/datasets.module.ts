import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DATASET_REPOSITORY } from '../core/contracts/dataset-repository.contract.js';
import { DATASET_SERVICE } from '../core/contracts/dataset-service.contract.js';
import { VERSION_FILES } from '../core/contracts/version-files.contract.js';
import { StorageModule } from '../storage/index.js';
import { BatchesController } from './batches/batches.controller.js';
import { CompareController } from './compare/compare.controller.js';
import { CompareService } from './compare/compare.service.js';
import { DifferencesRepository } from './compare/differences.repository.js';
import { VersionTreeRepository } from './compare/version-tree.repository.js';
import { CreateDatasetController } from './create-dataset.controller.js';
import { DatasetChanges } from './dataset-changes.service.js';
import { DatasetsController } from './datasets.controller.js';
import { DatasetsRepository } from './datasets.repository.js';
import { DatasetsService } from './datasets.service.js';
import { DeletionController } from './deletion/deletion.controller.js';
import { DeletionRepository } from './deletion/deletion.repository.js';
import { DeletionService } from './deletion/deletion.service.js';
import { Releaser } from './deletion/releaser.service.js';
import { ReleasesRepository } from './deletion/releases.repository.js';
import { VersionReleaser } from './deletion/version-releaser.js';
import { Component } from './entities/component.entity.js';
import { DatasetAccess } from './entities/dataset-access.entity.js';
import { DatasetContent } from './entities/dataset-content.entity.js';
import { DatasetRef } from './entities/dataset-ref.entity.js';
import { DatasetTag } from './entities/dataset-tag.entity.js';
import { DatasetVersion } from './entities/dataset-version.entity.js';
import { Dataset } from './entities/dataset.entity.js';
import { LayerEntry } from './entities/layer-entry.entity.js';
import { Layer } from './entities/layer.entity.js';
import { VersionLayer } from './entities/version-layer.entity.js';
import { VersionRelationsRepository } from './lineage/version-relations.repository.js';
import { MergeController } from './merge/merge.controller.js';
import { MergeService } from './merge/merge.service.js';
import { OwnedDatasetsRepository } from './owned-datasets.repository.js';
import { DatasetQuotasController } from './quota/dataset-quotas.controller.js';
import { DatasetQuotasRepository } from './quota/dataset-quotas.repository.js';
import { DatasetQuotasService } from './quota/dataset-quotas.service.js';
import { RefsController } from './refs/refs.controller.js';
import { RefsRepository } from './refs/refs.repository.js';
import { RefsService } from './refs/refs.service.js';
import { StatisticsController } from './statistics/statistics.controller.js';
import { StatisticsRepository } from './statistics/statistics.repository.js';
import { StatisticsService } from './statistics/statistics.service.js';
import { DatasetTagsController } from './tags/dataset-tags.controller.js';
import { TagsController } from './tags/tags.controller.js';
import { TagsRepository } from './tags/tags.repository.js';
import { TagsService } from './tags/tags.service.js';
import { ComponentUsesRepository } from './uses/component-uses.repository.js';
import { OverlayUsesRepository } from './uses/overlay-uses.repository.js';
import { ArchiveController } from './versions/archive/archive.controller.js';
import { ArchiveService } from './versions/archive/archive.service.js';
import { ChangeDescriber } from './versions/change-describer.service.js';
import { CommitBodyReader } from './versions/commit-body.js';
import { CommitWriter } from './versions/commit-writer.js';
import { CommitController } from './versions/commit.controller.js';
import { CommitService } from './versions/commit.service.js';
import { ComponentsRepository } from './versions/components.repository.js';
import { LayerCompactor } from './versions/layer-compactor.service.js';
import { LayersRepository } from './versions/layers.repository.js';
import { OverlaySchemaController } from './versions/overlay-schema.controller.js';
import { ServedFiles } from './versions/served-files.service.js';
import { VersionFiles } from './versions/version-files.service.js';
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
      DatasetAccess,
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
    BatchesController,
    CommitController,
    CompareController,
    CreateDatasetController,
    DatasetQuotasController,
    DatasetTagsController,
    DatasetsController,
    DeletionController,
    MergeController,
    OverlaySchemaController,
    RefsController,
    StatisticsController,
    TagsController,
    VersionsController,
  ],
  providers: [
    { provide: DATASET_REPOSITORY, useExisting: DatasetsRepository },
    { provide: DATASET_SERVICE, useExisting: DatasetsService },
    { provide: VERSION_FILES, useClass: VersionFiles },
    ArchiveService,
    ChangeDescriber,
    CommitBodyReader,
    CommitService,
    CommitWriter,
    CompareService,
    ComponentUsesRepository,
    ComponentsRepository,
    DatasetChanges,
    DatasetQuotasRepository,
    DatasetQuotasService,
    DatasetsRepository,
    DatasetsService,
    DeletionRepository,
    DeletionService,
    DifferencesRepository,
    LayerCompactor,
    LayersRepository,
    MergeService,
    OverlayUsesRepository,
    OwnedDatasetsRepository,
    RefsRepository,
    RefsService,
    Releaser,
    ReleasesRepository,
    ServedFiles,
    StatisticsRepository,
    StatisticsService,
    TagsRepository,
    TagsService,
    VersionReader,
    VersionRelationsRepository,
    VersionReleaser,
    VersionTreeRepository,
    VersionsRepository,
  ],
  exports: [
    CommitService,
    DATASET_REPOSITORY,
    DATASET_SERVICE,
    VERSION_FILES,
    VersionReader,
    VersionRelationsRepository,
  ],
})
export class DatasetsModule {}
