import type { Filter, Reference } from '../filter/filter.types.js';
import type { OrderTerm } from '../filter/order.js';

/** Which rows and columns of a table, in which order. Plain JSON; names are not looked up yet. */
export interface Selection {
  /** `null`: all. */
  columns: Reference[] | null;
  filter: Filter | null;
  /** Words that a row must have in its texts. */
  search: string | null;
  /** Empty: as in the file. */
  order: OrderTerm[];
}
