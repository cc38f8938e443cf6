import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { parseType } from './column-type.js';
import { quoteIdentifier } from './quote.js';

/** Of a cell's JSON, in UTF-16 units. */
export const DEFAULT_CELL_LIMIT = 10_000;

/**
 * What stands after SELECT for these columns, in their order and with their names. What is longer than a
 * cell's limit is cut by the engine: a page of a hundred texts of 100 MB never leaves it. One character
 * or element more than the limit is kept, by which `rowJson` sees that there was more.
 */
export const selectList = (columns: readonly Column[], limit = DEFAULT_CELL_LIMIT): string =>
  columns
    .map(
      ({ name, type }) =>
        `${cut(quoteIdentifier(name), type, limit + 1)} AS ${quoteIdentifier(name)}`,
    )
    .join(', ');

function cut(sql: string, type: string, length: number): string {
  const parsed = parseType(type);
  if (parsed.kind === 'text' && parsed.name !== 'ENUM') {
    return `left(CAST(${sql} AS VARCHAR), ${length})`;
  }
  if (type === 'BLOB') return `array_slice(${sql}, 1, ${length})`;
  if (parsed.kind === 'list' && parsed.length === null) return `list_slice(${sql}, 1, ${length})`;
  return sql;
}
