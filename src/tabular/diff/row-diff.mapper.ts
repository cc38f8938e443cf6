import { decodeCursor, encodeCursor } from '../../core/http/cursor.js';
import type { RowPlace } from '../filter/keyset.js';
import type { Json } from '../values/json-text.js';
import type { Change, DiffLayout, KeptColumn } from './diff.types.js';
import type { ChangedRowDto, RowDiffDto } from './dto/row-diff.dto.js';
import type { RowDiffQuery } from './dto/row-diff.query.js';
import type { DiffPage } from './row-diff-pages.service.js';

/** Where a page ended, in the versions that the first page was of. */
interface Place {
  base: string;
  head: string;
  after: RowPlace;
}

/** What a cursor is bound to: it goes on with the same changes, in pages of any size. */
const scopeOf = (query: RowDiffQuery, datasetKey: string): object => {
  const { cursor: _, limit: __, ...asked } = query;
  return { ...asked, datasetKey };
};

/** @throws CursorMismatchError */
export const placeIn = (query: RowDiffQuery, datasetKey: string): Place | null =>
  decodeCursor(query.cursor, 'row-diff', scopeOf(query, datasetKey), isPlace);

export const cursorOf =
  (query: RowDiffQuery, datasetKey: string, versions: { base: string; head: string }) =>
  (after: RowPlace): string =>
    encodeCursor({ ...versions, after } satisfies Place, 'row-diff', scopeOf(query, datasetKey));

export function toRowDiffDto(json: string, cursor: (place: RowPlace) => string): RowDiffDto {
  const { summary, layout, page } = JSON.parse(json) as DiffPage;
  return {
    ...summary,
    items: page.items.map(({ row, truncatedCells }) => toChangedRow(layout, row, truncatedCells)),
    nextCursor: page.next && cursor(page.next),
  };
}

type Cells = Record<string, Json>;

function toChangedRow(layout: DiffLayout, cells: Cells, truncated: string[]): ChangedRowDto {
  const change = cells[layout.change] as Change;
  const side = change === 'inserted' || layout.rows !== null ? 'after' : 'before';
  const own = layout.columns.flatMap((column) => column[side] ?? []);
  const isCut = new Set(truncated);
  const cut = [...layout.key, ...layout.columns.flatMap(({ before, after }) => [before, after])];
  return {
    change,
    key: layout.rows === null ? valuesOf(layout.key, cells) : null,
    row: change === 'updated' ? null : valuesOf(own, cells),
    cells: change === 'updated' ? changedCells(layout, cells) : null,
    rows: layout.rows === null ? 1 : Number(cells[layout.rows]),
    truncatedCells: [
      ...new Set(cut.flatMap((column) => (column && isCut.has(column.as) ? [column.name] : []))),
    ],
  };
}

function changedCells(layout: DiffLayout, cells: Cells): ChangedRowDto['cells'] {
  const changed = new Set(cells[layout.changed ?? ''] as string[]);
  return layout.columns.flatMap(({ before, after }) =>
    before && after && changed.has(after.name)
      ? [{ column: after.name, before: valueOf(before, cells), after: valueOf(after, cells) }]
      : [],
  );
}

const valuesOf = (columns: readonly KeptColumn[], cells: Cells): Cells =>
  Object.fromEntries(columns.map((column) => [column.name, valueOf(column, cells)]));

/** What Parquet holds as text only, as it was: numbers, where JSON has them exactly. */
function valueOf({ type, as }: KeptColumn, cells: Cells): Json {
  const value = cells[as] ?? null;
  if (typeof value !== 'string') return value;
  if (/^(U?HUGEINT|BIGNUM)$/.test(type) && Number.isSafeInteger(Number(value)))
    return Number(value);
  if (type === 'TIME WITH TIME ZONE') return value.replace(/(?<=[+-]\d\d)$/, ':00');
  return value;
}

const isPlace = (key: unknown): key is Place => {
  const { base, head, after } = (key ?? {}) as Partial<Place>;
  return (
    typeof base === 'string' &&
    typeof head === 'string' &&
    Array.isArray(after?.keys) &&
    after.keys.length === 0 &&
    /^\d{1,16}$/.test(after.rowIndex)
  );
};
