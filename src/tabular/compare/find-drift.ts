import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { compareSchemas } from './compare-schemas.js';
import type { DriftDto } from './dto/drift.dto.js';
import { typeVerdict } from './type-verdict.js';

export interface TableOfFolder {
  path: string;
  columns: readonly Column[];
}

/** Which files of a folder have the schema of most, how the others differ, and which make one table by name. */
export function findDrift(tables: readonly TableOfFolder[]): DriftDto {
  const sorted = [...tables].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const groups = new Map<string, TableOfFolder[]>();
  for (const table of sorted) {
    const signature = JSON.stringify(table.columns.map(({ name, type }) => [name, type]));
    const group = groups.get(signature);
    if (group) group.push(table);
    else groups.set(signature, [table]);
  }
  let majority: TableOfFolder[] = [];
  for (const group of groups.values()) if (group.length > majority.length) majority = group;
  const columns = [...(majority[0]?.columns ?? [])];
  const usual = new Set(majority);
  const others = sorted.filter((table) => !usual.has(table));

  let union = columns;
  let files = majority.length;
  const drifting = others.map(({ path, columns: own }) => {
    const united = unite(union, own);
    if (united) {
      union = united;
      files += 1;
    }
    return { path, diff: compareSchemas(columns, own), unites: united !== null };
  });
  return { columns, files: majority.length, drifting, union: { columns: union, files } };
}

/** `null` when a column's types are such that neither holds the values of the other. */
function unite(union: readonly Column[], columns: readonly Column[]): Column[] | null {
  const united = new Map(union.map((column) => [column.name, column]));
  for (const column of columns) {
    const wider = widerOf(united.get(column.name) ?? column, column);
    if (!wider) return null;
    united.set(column.name, wider);
  }
  return [...united.values()];
}

function widerOf(a: Column, b: Column): Column | null {
  if (typeVerdict(a.type, b.type) !== 'breaking') return b;
  return typeVerdict(b.type, a.type) !== 'breaking' ? a : null;
}

/** What keeps tables from being one, by name. */
export interface Union {
  /** Of each table with any: columns whose type and that of those before hold one another's values neither way. */
  clashes: { path: string; columns: { name: string; from: string; to: string }[] }[];
  /**
   * Columns of whole numbers that are DOUBLE in other tables, and so in the union: nothing is lost as long as
   * they are within ±2^53, which only their values tell.
   */
  doubles: { place: number; name: string }[];
}

export function uniteAll(tables: readonly TableOfFolder[]): Union {
  const united = new Map<string, Column>();
  const clashes = tables.flatMap(({ path, columns }) => {
    const clashing = columns.flatMap((column) => {
      const known = united.get(column.name) ?? column;
      const wider = widerOf(known, column) ?? asDouble(known, column);
      if (wider) united.set(column.name, wider);
      return wider ? [] : [{ name: column.name, from: known.type, to: column.type }];
    });
    return clashing.length > 0 ? [{ path, columns: clashing }] : [];
  });
  const doubles = tables.flatMap(({ columns }, place) =>
    columns.flatMap(({ name, type }) =>
      united.get(name)?.type === 'DOUBLE' && LONG.has(type) ? [{ place, name }] : [],
    ),
  );
  return { clashes, doubles };
}

/** Whole numbers of more than 53 bits. */
const LONG = new Set(['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT']);

function asDouble(a: Column, b: Column): Column | null {
  if (a.type === 'DOUBLE' && LONG.has(b.type)) return a;
  return b.type === 'DOUBLE' && LONG.has(a.type) ? b : null;
}
