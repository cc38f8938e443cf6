import { parseFilter } from '../filter/parse-filter.js';
import { parseColumns, parseOrder } from '../filter/order.js';
import type { SelectionQuery } from '../dto/selection.query.js';
import type { Selection } from './selection.js';

/** @throws InvalidFilterError */
export const parseSelection = ({ columns, where, orderBy, q }: SelectionQuery): Selection => ({
  columns: columns === undefined ? null : parseColumns(columns),
  filter: where === undefined ? null : parseFilter(where),
  search: q ?? null,
  order: orderBy === undefined ? [] : parseOrder(orderBy),
});
