import { EmptyPopulationError } from './sampling.errors.js';
import {
  parseFilter,
  quoteIdentifier,
  toSql,
  UnknownColumnError,
  type BenchTable,
  type Workbench,
} from '../../tabular/index.js';

/** More rows than a file has. */
const ROWS_OF_A_FILE = 2 ** 42;

/**
 * The rows that a sample is chosen from. In statements a row has its place `i`, by which rows are in
 * order, and its columns as `c0`, `c1`, …, so that no name of a user's meets one of ours.
 */
export class Population {
  /** Stands after FROM. */
  readonly sql: string;
  /** Of `sql`, which stands once in each statement, before other parameters. */
  readonly parameters: readonly string[];
  /** Whether the places are 0, 1, 2, … */
  readonly isDense: boolean;
  private readonly table: BenchTable;
  private readonly isFiltered: boolean;

  /** @throws InvalidFilterError, UnknownColumnError */
  constructor(
    readonly bench: Workbench,
    table: BenchTable,
    { files, where }: { files: number; where?: string },
  ) {
    this.table = table;
    const condition = where === undefined ? null : toSql(parseFilter(where), table.columns);
    const columns = table.columns.map(({ name }, at) => `${quoteIdentifier(name)} AS c${at}`);
    const [file, row] = [quoteIdentifier(table.fileIndex), quoteIdentifier(table.rowIndex)];
    const place = files > 1 ? `CAST(${file} AS BIGINT) * ${ROWS_OF_A_FILE} + ${row}` : row;
    const from = quoteIdentifier(table.rowsView);
    const rows = condition ? `(SELECT * FROM ${from} WHERE ${condition.sql})` : from;
    this.sql = `(SELECT ${[`${place} AS i`, ...columns].join(', ')} FROM ${rows})`;
    this.parameters = condition?.parameters ?? [];
    this.isDense = files === 1 && !condition;
    this.isFiltered = condition !== null;
  }

  get columns(): BenchTable['columns'] {
    return this.table.columns;
  }

  /** What the column is called in `sql`. @param pointer where it was named @throws UnknownColumnError */
  column(name: string, pointer: string): string {
    const at = this.columns.findIndex((column) => column.name === name);
    if (at >= 0) return `c${at}`;
    const known = this.columns.map((column) => column.name);
    throw new UnknownColumnError(`${name} (${pointer})`, known);
  }

  /** Runs a statement that reads `sql`. */
  async run(statement: string): Promise<void> {
    await this.bench.run(statement, this.parameters);
  }

  async count(): Promise<number> {
    const [[count = 0] = []] = await this.figures(
      `SELECT count(*) FROM ${this.sql}`,
      this.parameters,
    );
    return count;
  }

  /** Whole numbers of few rows. */
  async figures(statement: string, parameters: readonly string[] = []): Promise<number[][]> {
    const rows = await this.bench.rows(statement, parameters);
    return rows.map((row) => row.map(Number));
  }

  /** @throws EmptyPopulationError */
  notEmpty(count: number): number {
    if (count === 0) throw new EmptyPopulationError(this.isFiltered);
    return count;
  }

  /** The rows with their number among those of the same group, from 0 on, as `o`; and the group's columns. */
  ordinals(groups: readonly string[]): string {
    if (this.isDense && groups.length === 0) return `(SELECT i, i AS o FROM ${this.sql})`;
    const partition = groups.length > 0 ? `PARTITION BY ${groups.join(', ')} ` : '';
    const list = ['i', ...groups].join(', ');
    return `(SELECT ${list}, row_number() OVER (${partition}ORDER BY i) - 1 AS o FROM ${this.sql})`;
  }
}

/** Rows of a share, at least one. */
export const shareOf = (count: number, fraction: number): number =>
  Math.max(1, Math.round(count * fraction));

/** Columns by which two tables belong together; NULL belongs to NULL. */
export const matching = (
  one: string,
  other: string,
  columns: readonly [string, string][],
): string =>
  columns.length === 0
    ? 'true'
    : columns.map(([a, b]) => `${one}.${a} IS NOT DISTINCT FROM ${other}.${b}`).join(' AND ');

/**
 * A condition: whether a table has a row with these values; NULL belongs to NULL. Not as a join, since DuckDB
 * takes a CSV file for a few rows and would hold all of them to look for those of the table; of a condition
 * within CASE it holds the table.
 */
export function among(columns: readonly [string, string][], table: string): string {
  const packed = (at: 0 | 1): string =>
    `{${columns.map((pair, place) => `'v${place}': ${pair[at]}`).join(', ')}}`;
  return `CASE WHEN ${packed(0)} IN (SELECT ${packed(1)} FROM ${table}) THEN true ELSE false END`;
}
