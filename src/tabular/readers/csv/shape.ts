import type { Row } from './syntax.js';
import { isBlank } from './sniff.js';
import { typeOfCell, type CellType } from './cell-types.js';

/** Where in a text the table is. */
export interface Shape {
  /** Cells of most rows, or of the header where it has more. */
  width: number;
  /** Lines before the header, or before the first row where there is none. */
  skipLines: number;
  header: Row | null;
  /** Line after the header: where rows begin. */
  firstLine: number;
  rows: Row[];
}

/** So many rows above a table are looked at. */
const PREAMBLE = 200;

/**
 * @param rows of the beginning, blank ones included
 * @param given whether there is a header and how many lines are above it, where that is known
 */
export function shapeOf(
  rows: readonly Row[],
  given: { header?: boolean; skipLines?: number } = {},
): Shape {
  const usable = rows.filter((row) => row.line > (given.skipLines ?? 0));
  const width = widthOf(usable);
  const start = placeOfStart(usable, width, given);
  const first = usable[start];
  const body = usable.slice(start + 1).filter((row) => width === 1 || !isBlank(row));
  if (!first)
    return { width, skipLines: given.skipLines ?? 0, header: null, firstLine: 1, rows: [] };
  const header = (given.header ?? looksLikeHeader(first.cells, body, width)) ? first : null;
  const table = header ? body : [first, ...body];
  return {
    width: Math.max(width, trimmed(header?.cells ?? []).length),
    skipLines: given.skipLines ?? first.line - 1,
    header,
    firstLine: table[0]?.line ?? first.nextLine,
    rows: table,
  };
}

function placeOfStart(
  rows: readonly Row[],
  width: number,
  given: { header?: boolean; skipLines?: number },
): number {
  if (given.skipLines !== undefined) return firstRow(rows);
  const start = startOf(rows, width);
  return given.header === false ? start : withOddHeader(rows, start, width);
}

/** Cells beyond the table that hold something; a delimiter at the end of a line is no cell. */
export function isLong(cells: readonly string[], width: number): boolean {
  for (let at = width; at < cells.length; at += 1) if (cells[at] !== '') return true;
  return false;
}

function trimmed(cells: readonly string[]): readonly string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell.trim() !== '') + 1);
}

const firstRow = (rows: readonly Row[]): number =>
  Math.max(
    0,
    rows.findIndex((row) => !isBlank(row)),
  );

function widthOf(rows: readonly Row[]): number {
  const counts = new Map<number, number>();
  for (const row of rows) {
    if (!isBlank(row)) counts.set(row.cells.length, (counts.get(row.cells.length) ?? 0) + 1);
  }
  let best = 1;
  let most = 0;
  for (const [width, count] of counts) {
    // Notes around a short table are lines of one cell.
    const weight = count * (width === 1 ? 0.1 : Math.sqrt((width - 1) / width));
    if (weight > most) [best, most] = [width, weight];
  }
  return best;
}

/** The first row of the table: of its width, and not cut off from it by a blank line or a note. */
function startOf(rows: readonly Row[], width: number): number {
  if (width === 1) return startOfOneColumn(rows);
  const end = Math.min(rows.length, PREAMBLE);
  for (let at = 0; at < end; at += 1) {
    if (rows[at]!.cells.length !== width) continue;
    const next = rows[at + 1];
    if (!next || next.cells.length === width) return at;
    const isCutOff = isBlank(next) ? continues(rows, at + 2, width) : next.cells.length === 1;
    if (!isCutOff || width === 2) return isBlank(next) && isCutOff ? at + 2 : at;
  }
  return firstRow(rows);
}

const continues = (rows: readonly Row[], from: number, width: number): boolean =>
  rows.slice(from, from + 3).filter((row) => row.cells.length === width).length >= 2;

/** One column: what stands above a blank line near the top is a title; so is text above the name of values. */
function startOfOneColumn(rows: readonly Row[]): number {
  const blank = rows.slice(0, 6).findLastIndex(isBlank);
  const filled = (from: number): Row[] =>
    rows.slice(from, from + 50).filter((row) => !isBlank(row));
  if (blank >= 0 && filled(blank + 1).length >= 3) return blank + 1;
  const isOfValue = (row: Row): boolean => isValue(row.cells[0]!);
  const value = rows.findIndex(isOfValue);
  const isOfValues = value > 1 && value < 6 && filled(value).every(isOfValue);
  return isOfValues ? value - 1 : firstRow(rows);
}

/**
 * A header that has not the width of the rows: they end in a delimiter, or leave out what is empty at
 * their end, or some column has no name.
 */
function withOddHeader(rows: readonly Row[], start: number, width: number): number {
  const above = rows[start - 1];
  if (!above || width === 1 || isBlank(above)) return start;
  const names = trimmed(above.cells);
  if (names.length < 2 || names.length < width - 2) return start;
  if (new Set(names).size < names.length || !names.every((cell) => typeOfCell(cell) === 'text'))
    return start;
  const first = rows[start]!;
  const isNamed = looksLikeHeader(first.cells, rows.slice(start + 1, start + 200), width);
  return isNamed ? start : start - 1;
}

const VALUES: ReadonlySet<CellType> = new Set([
  'integer',
  'code',
  'large',
  'decimal',
  'comma',
  'boolean',
  'date',
  'timestamp',
  'zoned',
  'time',
  'other',
]);
const isValue = (cell: string): boolean => VALUES.has(typeOfCell(cell.trim()));

/** Whether a row names the columns: by what it is itself, then by how it differs from those below. */
export function looksLikeHeader(
  first: readonly string[],
  below: readonly Row[],
  width: number,
): boolean {
  const cells = trimmed(first);
  if (cells.length === 0) return false;
  const values = cells.filter(isValue);
  if (values.length > 0 && !areYears(values)) return false;
  const filled = cells.filter((cell) => cell.trim() !== '');
  const isUnique = new Set(filled.map((cell) => cell.trim().toLowerCase())).size === filled.length;
  const rows = below.filter((row) => row.cells.length === width).slice(0, 500);
  if (rows.length === 0) return isUnique && values.length === 0;
  let votes = isUnique ? 0.4 : -1;
  if (filled.length < cells.length) votes -= 0.4;
  cells.forEach((cell, column) => {
    votes +=
      voteOf(
        cell,
        rows.map((row) => row.cells[column] ?? ''),
      ) / Math.sqrt(cells.length);
  });
  return votes > (width === 1 ? 0.3 : 0);
}

/** Years or the like as names: each greater than the one before. */
const areYears = (values: readonly string[]): boolean =>
  values.length > 2 &&
  values.every(
    (value, at) =>
      /^[12]\d{3}$/.test(value) && (at === 0 || Number(value) > Number(values[at - 1])),
  );

/** Above 0: the cell is unlike its column. */
function voteOf(cell: string, column: readonly string[]): number {
  const filled = column.filter((other) => other !== '');
  if (filled.length === 0 || cell === '') return 0;
  const values = filled.filter(isValue).length / filled.length;
  if (values > 0.8) return 2;
  if (values > 0.5) return 1;
  if (filled.includes(cell)) return filled.length > 3 ? -1.5 : -0.5;
  return likeness(cell, filled);
}

const shapeOfText = (cell: string): string =>
  `${/^\p{Lu}/u.test(cell) ? 'A' : /^\p{Ll}/u.test(cell) ? 'a' : 'x'}${/\d/.test(cell) ? '0' : ''}${cell.includes(' ') ? '_' : ''}`;

/** Compares a text with the texts below it: their kind, length, and whether they are names of things. */
function likeness(cell: string, others: readonly string[]): number {
  let vote = 0;
  const shape = shapeOfText(cell);
  const alike = others.filter((other) => shapeOfText(other) === shape).length / others.length;
  if (alike < 0.1) vote += 0.8;
  else if (alike > 0.9) vote -= 0.3;
  const lengths = others.map((other) => other.length);
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  if (cell.length < least || cell.length > most) vote += least === most ? 1 : 0.5;
  if (
    /^[a-z][a-z0-9]*(?:[_.-][a-z0-9]+)+$/i.test(cell) ||
    /^(?:id|name|date|title|type)$/i.test(cell)
  ) {
    vote += 0.8;
  }
  if (new Set(others).size <= others.length / 2) vote += 0.3;
  return vote;
}

const NOTE =
  /^(?:total|sum|grand total|source|notes?|quelle|summe|\*|\(|#|--|©|end of|generated|data )/i;
/** A footer has at most so many lines. */
const FOOTER = 30;

/**
 * Lines after the table: notes, sources, totals below a blank line.
 * @param rows of the end of the content, blank ones included
 * @returns the line that the footer begins in, or `null`
 */
export function footerOf(rows: readonly Row[], width: number): number | null {
  if (width === 1) return oneColumnEnd(rows);
  let start = rows.length;
  const limit = Math.max(1, rows.length - FOOTER);
  for (let at = rows.length - 1; at >= limit; at -= 1) {
    if (isBlank(rows[at]!)) continue;
    if (!isNote(rows[at]!, rows[at - 1], width)) break;
    start = at;
  }
  if (start === rows.length) return null;
  while (start > 0 && isBlank(rows[start - 1]!)) start -= 1;
  return rows[start]!.line;
}

/** One column: blank lines at the end. */
const oneColumnEnd = (rows: readonly Row[]): number | null =>
  rows[rows.findLastIndex((row) => !isBlank(row)) + 1]?.line ?? null;

function isNote(row: Row, before: Row | undefined, width: number): boolean {
  const filled = trimmed(row.cells).length;
  const isAfterBlank = before !== undefined && isBlank(before);
  const looksLikeNote = NOTE.test(row.cells[0]!);
  // A total below a blank line.
  if (row.cells.length === width && filled > 1) return isAfterBlank && looksLikeNote;
  if (row.cells.length === 1 && filled === 1) return width > 2 || looksLikeNote || isAfterBlank;
  return (isAfterBlank || filled === 1) && looksLikeNote;
}
