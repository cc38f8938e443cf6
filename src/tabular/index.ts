export { DerivedUsesRepository } from './results/derived-uses.repository.js';
export { ENGINE_VERSION } from './engine/engine-version.js';
export { EXPORT_FORMATS, type ExportFormat, type ExportOptions } from './export/export-formats.js';
export type { TablePatches } from './sources/local-contents.service.js';
export {
  baseOf,
  patchesAsTables,
  TableSources,
  type SourceFile,
} from './sources/table-sources.service.js';
export { TableStatisticsService } from './statistics/table-statistics.service.js';
export type { Json } from './values/json-text.js';
export { quoteIdentifier, quoteLiteral } from './values/quote.js';
export { TableWorkbench, type Workbench } from './workbench/table-workbench.service.js';
export { TabularModule } from './tabular.module.js';
