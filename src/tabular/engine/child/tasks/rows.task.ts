import type { Column } from '../../../../core/contracts/dataset-reader.contract.js';
import { afterKey, keyTexts, orderSql, type RowPlace } from '../../../filter/keyset.js';
import { resolveColumns, resolveOrder, type OrderKey } from '../../../filter/order.js';
import type { Selection } from '../../../rows/selection.js';
import type { Json } from '../../../values/json-text.js';
import { rowJson } from '../../../values/row-json.js';
import { selectList } from '../../../values/select-list.js';
import { both, conditionOf, whereOf, type BoundSql } from '../conditions.js';
import { placeOf, toIndex } from '../row-index.js';
import type { Session } from '../session.js';
import {
  isColumnar,
  withTable,
  type OpenTable,
  type ReadParts,
  type TablePart,
} from '../tables.js';

export interface RowsTask {
  parts: TablePart[];
  selection: Selection;
  after: RowPlace | null;
  limit: number;
  cellLimit: number;
}

/** A page, before its cursor is made. */
export interface RowsPage {
  columns: Column[];
  items: { rowIndex: number; path?: string; row: Record<string, Json>; truncatedCells: string[] }[];
  /** `null`: it is the last page. */
  next: RowPlace | null;
  rowCount: { value: number; kind: 'exact' } | null;
}

/** Of a page's rows as JSON: what is over it comes with the next page. */
const MAX_PAGE_BYTES = 8 * 1024 ** 2;

/** JSON of `RowsPage`. */
export async function rows(
  session: Session,
  task: RowsTask,
): Promise<{ result: string } & ReadParts> {
  const done = await withTable(session, task.parts, false, async (table) => {
    const page = await new PageQuery(session, task, table).run();
    if (!page.rowCount && !isFiltered(task.selection) && table.rowCount !== null) {
      page.rowCount = { value: table.rowCount, kind: 'exact' };
    }
    return page;
  });
  return { ...done, result: JSON.stringify(done.result) };
}

const isFiltered = ({ filter, search }: Selection): boolean => filter !== null || search !== null;

/** One page of one opened table. */
class PageQuery {
  private readonly columns: Column[];
  private readonly order: OrderKey[];
  private readonly condition: BoundSql | null;
  private readonly index: string;

  constructor(
    private readonly session: Session,
    private readonly task: RowsTask,
    private readonly table: OpenTable,
  ) {
    const { selection } = task;
    this.columns = selection.columns
      ? resolveColumns(selection.columns, table.columns)
      : table.columns;
    this.order = resolveOrder(selection.order, table.columns);
    this.condition = conditionOf(selection, table.columns);
    this.index = toIndex(table);
  }

  async run(): Promise<RowsPage> {
    const { task, condition } = this;
    const counts = condition !== null && task.after === null;
    // Text is scanned once for both; of columns, those of the filter alone are scanned for the count.
    const isText = !task.parts.every(({ description }) => isColumnar(description));
    const isOnePass = counts && this.order.length === 0 && isText;
    if (isOnePass) return await this.countedPage();
    const page = await this.page();
    const isAll = page.next === null && task.after === null;
    const value = isAll ? page.items.length : counts ? await this.count() : null;
    return { ...page, rowCount: value === null ? null : { value, kind: 'exact' } };
  }

  /** The names of the page's own columns can't be those of the table's: they are not named at all. */
  private get selected(): string {
    const keys = keyTexts(this.order).map((key) => `, ${key}`);
    const list = selectList(this.columns, this.task.cellLimit);
    return `${this.index}${keys.join('')}${list === '' ? '' : `, ${list}`}`;
  }

  private async page(): Promise<RowsPage> {
    const { after, limit } = this.task;
    const beyond = after && afterKey(this.order, after, this.index);
    const { sql, parameters } = whereOf(both(both(this.condition, beyond), this.window()));
    // The order of the file is how the table comes: nothing has to be sorted for it, but for patches.
    const isSorted = this.order.length > 0 || this.table.hidden !== null;
    const order = isSorted ? ` ORDER BY ${orderSql(this.order, this.index)}` : '';
    const statement = `SELECT ${this.selected} FROM ${this.table.sql}${sql}${order} LIMIT ${limit + 1}`;
    const found = await this.session.database.json(statement, parameters);
    return this.toPage(found);
  }

  /** Of a table with patches, the places that a page without a filter has its rows from. */
  private window(): BoundSql | null {
    const { after, limit } = this.task;
    const { hidden } = this.table;
    if (hidden === null || !Number.isFinite(hidden) || this.condition || this.order.length > 0) {
      return null;
    }
    const last = Number(after?.rowIndex ?? -1) + limit + 1 + hidden;
    return { sql: `${this.index} <= ${last}`, parameters: [] };
  }

  private async count(): Promise<number> {
    const { sql, parameters } = whereOf(this.condition);
    const [[count]] = (await this.session.database.all(
      `SELECT count(*) FROM ${this.table.unnumbered}${sql}`,
      parameters,
    )) as [[bigint]];
    return Number(count);
  }

  private async countedPage(): Promise<RowsPage> {
    const { sql, parameters } = whereOf(this.condition);
    const fields = this.columns.map((_, place) => `c${place}`);
    const names = ['i', ...fields].join(', ');
    const found = await this.session.database.json(
      `SELECT n, unnest(first, max_depth := 2) FROM (
         SELECT count(*) AS n, arg_min(t, i, ${this.task.limit + 1}) AS first
         FROM (SELECT ${this.selected} FROM ${this.table.sql}${sql}) AS t (${names}))`,
      parameters,
    );
    const value = Number(found[0]?.[0] ?? 0);
    return {
      ...this.toPage(found.map(([, ...cells]) => cells)),
      rowCount: { value, kind: 'exact' },
    };
  }

  private toPage(found: readonly Json[][]): RowsPage {
    const { limit, cellLimit, parts } = this.task;
    const items: RowsPage['items'] = [];
    let bytes = 0;
    let last: Json[] | undefined;
    for (const cells of found.slice(0, limit)) {
      const shown = rowJson(this.columns, cells.slice(1 + this.order.length), cellLimit);
      bytes += JSON.stringify(shown).length;
      if (bytes > MAX_PAGE_BYTES && last) break;
      const { file, row } = placeOf(cells[0] as number);
      const path = parts.length > 1 ? { path: parts[file]?.path ?? '' } : {};
      items.push({ rowIndex: row, ...path, ...shown });
      last = cells;
    }
    const isLast = items.length === found.length;
    return {
      columns: this.columns,
      items,
      next: isLast || !last ? null : this.rowPlace(last),
      rowCount: null,
    };
  }

  private rowPlace(cells: readonly Json[]): RowPlace {
    const keys = cells.slice(1, 1 + this.order.length) as (string | null)[];
    return { keys, rowIndex: String(cells[0] as number) };
  }
}
