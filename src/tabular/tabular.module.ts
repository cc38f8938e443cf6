import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ROW_PATCHES } from '../core/contracts/row-patches.contract.js';
import { DatasetsModule } from '../datasets/index.js';
import { StorageModule } from '../storage/index.js';
import { SchemaDiffController } from './compare/schema-diff.controller.js';
import { DiffSides } from './diff/diff-sides.service.js';
import { RowDiffFiles } from './diff/row-diff-files.service.js';
import { RowDiffPages } from './diff/row-diff-pages.service.js';
import { RowDiffController } from './diff/row-diff.controller.js';
import { RowDiffs } from './diff/row-diffs.service.js';
import { Engine } from './engine/engine.service.js';
import { ExportController } from './export/export.controller.js';
import { ExportsService } from './export/exports.service.js';
import { DeriveJob } from './operations/derive.job.js';
import { PendingAnswers } from './operations/pending-answers.service.js';
import { TableOperationsService } from './operations/table-operations.service.js';
import { CompactJob } from './patches/compact.job.js';
import { PatchPlacer } from './patches/patch-placer.service.js';
import { PlainTables } from './patches/plain-tables.service.js';
import { RowPatchesService } from './patches/row-patches.service.js';
import { QueriesService } from './query/queries.service.js';
import { QueryController } from './query/query.controller.js';
import { StatementTables } from './query/statement-tables.service.js';
import { ResultKeeper } from './results/result-keeper.service.js';
import { DerivedResultsRepository } from './results/derived-results.repository.js';
import { DerivedResults } from './results/derived-results.service.js';
import { DerivedUsesRepository } from './results/derived-uses.repository.js';
import { DerivedResult } from './results/entities/derived-result.entity.js';
import { ResultSweeper } from './results/result-sweeper.service.js';
import { RowsController } from './rows/rows.controller.js';
import { RowsService } from './rows/rows.service.js';
import { SchemaController } from './schema/schema.controller.js';
import { SchemasService } from './schema/schemas.service.js';
import { LocalContents } from './sources/local-contents.service.js';
import { TableSources } from './sources/table-sources.service.js';
import { TableStatisticsController } from './statistics/table-statistics.controller.js';
import { TableStatisticsService } from './statistics/table-statistics.service.js';
import { FolderTables } from './tables/folder-tables.service.js';
import { TableKnowledge } from './tables/table-knowledge.service.js';
import { TableStager } from './tables/table-stager.service.js';
import { WrittenResults } from './tables/written-results.service.js';
import { TableWorkbench } from './workbench/table-workbench.service.js';

/**
 * Tables: rows, schema, statistics, SQL and export of the files of any version. Global, since commits patch
 * rows, and their slice can't import this one.
 */
@Global()
@Module({
  imports: [DatasetsModule, StorageModule, TypeOrmModule.forFeature([DerivedResult])],
  controllers: [
    ExportController,
    QueryController,
    RowDiffController,
    RowsController,
    SchemaController,
    SchemaDiffController,
    TableStatisticsController,
  ],
  providers: [
    { provide: ROW_PATCHES, useExisting: RowPatchesService },
    CompactJob,
    DeriveJob,
    DerivedResults,
    ResultKeeper,
    DerivedResultsRepository,
    DerivedUsesRepository,
    DiffSides,
    Engine,
    ExportsService,
    FolderTables,
    LocalContents,
    PatchPlacer,
    PendingAnswers,
    PlainTables,
    QueriesService,
    ResultSweeper,
    RowDiffFiles,
    RowDiffPages,
    RowDiffs,
    RowPatchesService,
    RowsService,
    SchemasService,
    StatementTables,
    TableKnowledge,
    TableOperationsService,
    TableSources,
    TableStager,
    TableStatisticsService,
    TableWorkbench,
    WrittenResults,
  ],
  exports: [
    FolderTables,
    ROW_PATCHES,
    RowDiffFiles,
    RowDiffs,
    StatementTables,
    TableSources,
    TableStatisticsService,
    TableWorkbench,
  ],
})
export class TabularModule {}
