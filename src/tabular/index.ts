export { ENGINE_VERSION } from './engine/engine-version.js';
export { DerivedUsesRepository } from './results/derived-uses.repository.js';
export type {
  ColumnStatisticsDto as ColumnStatistics,
  StatisticValue,
  TableStatisticsDto as TableStatistics,
} from './statistics/dto/statistics-of-table.dto.js';
export { TableStatisticsService } from './statistics/table-statistics.service.js';
export { TabularModule } from './tabular.module.js';
export { quoteIdentifier } from './values/quote.js';
export interface Workbench {
  rows(sql: string, parameters?: readonly unknown[]): Promise<unknown[][]>;
  run(sql: string, parameters?: readonly unknown[]): Promise<void>;
}
