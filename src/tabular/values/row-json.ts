import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { type Json, parseJson } from './json-text.js';
import { DEFAULT_CELL_LIMIT } from './select-list.js';

export interface RowJson {
  row: { [column: string]: Json };
  /** Columns of which only the beginning is shown. */
  truncatedCells: string[];
}

/**
 * One row as it is answered.
 * @param cells as `jsonConverter` makes them from a query with `selectList`
 * @param limit characters of one cell's JSON
 */
export function rowJson(
  columns: readonly Column[],
  cells: readonly Json[],
  limit = DEFAULT_CELL_LIMIT,
): RowJson {
  const truncatedCells: string[] = [];
  const entries = columns.map(({ name, type }, index): [string, Json] => {
    const cell = meantBy(cells[index] ?? null, type, limit);
    if (lengthOf(cell) <= limit) return [name, cell];
    truncatedCells.push(name);
    return [name, type === 'BLOB' ? wholeBytes(cut(cell, limit)) : cut(cell, limit)];
  });
  // Unlike an assignment, this makes a column `__proto__` one of its own.
  return { row: Object.fromEntries(entries), truncatedCells };
}

/** Texts of type JSON are answered as what they say, unless there is too much of it. */
const meantBy = (cell: Json, type: string, limit: number): Json =>
  type === 'JSON' && typeof cell === 'string' && cell.length <= limit ? parseJson(cell) : cell;

const lengthOf = (value: Json): number => JSON.stringify(value).length;

/** A beginning of the value whose JSON has at most so many characters. */
function cut(value: Json, limit: number): Json {
  if (lengthOf(value) <= limit) return value;
  if (typeof value === 'string') return cutText(value, limit);
  if (Array.isArray(value)) return cutItems(value, limit);
  if (typeof value === 'object' && value !== null) return cutFields(value, limit);
  return null;
}

/** Between two characters, never within one. */
function cutText(text: string, limit: number): string {
  let [length, end] = [2, 0];
  for (const character of text) {
    length += JSON.stringify(character).length - 2;
    if (length > limit) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The last item may be a part of one, where that is more than nothing. */
function cutItems(items: readonly Json[], limit: number): Json[] {
  const kept: Json[] = [];
  let room = limit - 2;
  for (const item of items) {
    const length = lengthOf(item) + 1;
    if (length > room + 1) {
      const part = room > 4 && isCuttable(item) ? cut(item, room) : undefined;
      if (part !== undefined && lengthOf(part) <= room) kept.push(part);
      break;
    }
    kept.push(item);
    room -= length;
  }
  return kept;
}

function cutFields(fields: { [name: string]: Json }, limit: number): { [name: string]: Json } {
  const kept: [string, Json][] = [];
  let room = limit - 2;
  for (const [name, field] of Object.entries(fields)) {
    const head = lengthOf(name) + 1;
    const length = head + lengthOf(field) + 1;
    if (length > room + 1) {
      const part = room - head > 4 && isCuttable(field) ? cut(field, room - head) : undefined;
      if (part !== undefined && lengthOf(part) <= room - head) kept.push([name, part]);
      break;
    }
    kept.push([name, field]);
    room -= length;
  }
  return Object.fromEntries(kept);
}

const isCuttable = (value: Json): boolean =>
  typeof value === 'string' || (typeof value === 'object' && value !== null);

/** Base64 of whole bytes: four letters are three of them. */
const wholeBytes = (text: Json): Json =>
  typeof text === 'string' ? text.slice(0, text.length - (text.length % 4)) : text;
