import type { Column } from '../../../core/contracts/dataset-reader.contract.js';
import type { BoundSql } from '../../filter/filter.types.js';
import { searchSql } from '../../filter/search.js';
import { toSql } from '../../filter/to-sql.js';
import type { Selection } from '../../rows/selection.js';

export type { BoundSql };

/** What a row must fulfil; `null`: nothing. @throws UnknownColumnError, InvalidFilterError */
export function conditionOf(
  { filter, search }: Pick<Selection, 'filter' | 'search'>,
  columns: readonly Column[],
): BoundSql | null {
  return both(
    filter && toSql(filter, columns),
    search === null ? null : searchSql(search, columns),
  );
}

export function both(one: BoundSql | null, other: BoundSql | null): BoundSql | null {
  if (!one || !other) return one ?? other;
  return {
    sql: `(${one.sql}) AND (${other.sql})`,
    parameters: [...one.parameters, ...other.parameters],
  };
}

/** With the word, where there is something after it. */
export const whereOf = (condition: BoundSql | null): BoundSql =>
  condition
    ? { sql: ` WHERE ${condition.sql}`, parameters: condition.parameters }
    : { sql: '', parameters: [] };
