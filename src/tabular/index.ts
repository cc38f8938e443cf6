export type { Union } from './compare/find-drift.js';
export { DerivedUsesRepository } from './results/derived-uses.repository.js';
export type { DiffSpec } from './diff/diff.types.js';
export { toleranceOf } from './diff/parse-diff.js';
export { RowDiffFiles } from './diff/row-diff-files.service.js';
export { RowDiffs } from './diff/row-diffs.service.js';
export { ENGINE_VERSION } from './engine/engine-version.js';
export { EXPORT_FORMATS, type ExportFormat, type ExportOptions } from './export/export-formats.js';
export { parseFilter } from './filter/parse-filter.js';
export { toSql } from './filter/to-sql.js';
export { resolveColumns } from './filter/order.js';
export { StatementTables } from './query/statement-tables.service.js';
export { TableSources, type SourceFile } from './sources/table-sources.service.js';
export { readWith } from './tables/table-knowledge.service.js';
export type {
  ColumnStatisticsDto as ColumnStatistics,
  StatisticValue,
  TableStatisticsDto as TableStatistics,
} from './statistics/dto/statistics-of-table.dto.js';
export { TableStatisticsService } from './statistics/table-statistics.service.js';
export { FolderTables } from './tables/folder-tables.service.js';
export type { Json } from './values/json-text.js';
export { quoteIdentifier, quoteLiteral } from './values/quote.js';
export { unusedName } from './values/unused-name.js';
export { TableWorkbench, type Workbench } from './workbench/table-workbench.service.js';
export type { BenchTable } from './engine/child/tasks/workbench.task.js';
export { SqlRefusedError, UnknownColumnError } from './tabular.errors.js';
export { TabularModule } from './tabular.module.js';
