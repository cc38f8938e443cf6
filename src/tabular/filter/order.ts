import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { InvalidFilterError } from '../tabular.errors.js';
import type { Reference } from './filter.types.js';
import { readReference } from './parse-filter.js';
import { type Resolved, TableColumns } from './resolve.js';
import { shortened, TokenReader } from './tokens.js';

const MAX_KEYS = 20;
const A_COLUMN = 'the name of a column';

/** One part of an order as it is written. */
export interface OrderTerm {
  column: Reference;
  isDescending: boolean;
  areNullsFirst: boolean;
}

/** One part of an order, of a table. */
export interface OrderKey {
  column: Resolved;
  isDescending: boolean;
  areNullsFirst: boolean;
}

/**
 * Reads `name desc nulls first, "other column"`. Ascending and nulls last unless it says so.
 * @throws InvalidFilterError
 */
export function parseOrder(text: string): OrderTerm[] {
  const tokens = new TokenReader(text, 'the order');
  const terms: OrderTerm[] = [];
  do {
    const column = readReference(tokens, A_COLUMN);
    const isDescending = tokens.takeWord('desc');
    if (!isDescending) tokens.takeWord('asc');
    const saysNulls = tokens.takeWord('nulls');
    const areNullsFirst = saysNulls && tokens.takeWord('first');
    if (saysNulls && !areNullsFirst && !tokens.takeWord('last')) tokens.fail('first or last');
    terms.push({ column, isDescending, areNullsFirst });
    if (terms.length > MAX_KEYS) {
      throw new InvalidFilterError(`An order has at most ${MAX_KEYS} columns.`, column.position);
    }
  } while (tokens.takeSymbol(','));
  tokens.expectEnd('asc, desc, nulls first, nulls last, a comma or the end of the order');
  return terms;
}

/**
 * An order of a table.
 * @throws UnknownColumnError, and InvalidFilterError for a column whose values have no order
 */
export function resolveOrder(terms: readonly OrderTerm[], columns: readonly Column[]): OrderKey[] {
  const table = new TableColumns(columns);
  return terms.map((term) => {
    const column = table.resolve(term.column);
    if (['list', 'struct', 'other'].includes(column.type.kind)) {
      throw new InvalidFilterError(
        `${shortened(column.name)} is of type ${shortened(column.typeName)}: rows can not be ordered by it.`,
        column.position,
      );
    }
    return { ...term, column };
  });
}

/**
 * Reads `a, b, "c, d"`.
 * @throws InvalidFilterError
 */
export function parseColumns(text: string): Reference[] {
  const tokens = new TokenReader(text, 'the list of columns');
  const references: Reference[] = [];
  do references.push(readReference(tokens, A_COLUMN));
  while (tokens.takeSymbol(','));
  tokens.expectEnd('a comma or the end of the list');
  return references;
}

/**
 * Whole columns of a table, in the order in which they were asked for.
 * @throws UnknownColumnError, and InvalidFilterError for one that is asked for twice
 */
export function resolveColumns(
  references: readonly Reference[],
  columns: readonly Column[],
): Column[] {
  const table = new TableColumns(columns);
  const chosen = new Set<Column>();
  for (const reference of references) {
    const column = table.named(reference);
    if (chosen.has(column)) {
      throw new InvalidFilterError(`${shortened(column.name)} is named twice.`, reference.position);
    }
    chosen.add(column);
  }
  return [...chosen];
}
