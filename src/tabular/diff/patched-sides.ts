import type { Column, TableDescription } from '../../core/contracts/dataset-reader.contract.js';
import { fieldOf, foldRows } from '../engine/child/patches/patch-file.js';
import { baseOf, patchesAsTables, type SourceFile } from '../sources/table-sources.service.js';
import { growthOf, hintsOf } from '../tables/table-knowledge.service.js';
import { quoteIdentifier, quoteLiteral } from '../values/quote.js';
import type { Workbench, WorkbenchOptions } from '../workbench/table-workbench.service.js';
import type { BenchSides, DiffSpec, Side } from './diff.types.js';

/** The same file twice, under other patches. */
export interface PatchedSides {
  file: SourceFile;
  /** Oldest first; one side may have none. */
  patches: Record<Side, SourceFile[]>;
  /** Of all patches. */
  key: string[];
  /** By how many rows its patches make each side longer than the file. */
  growth: Record<Side, number>;
}

/**
 * Both sides where their patches alone tell how they differ: they lie over the same file, and a row that
 * none of them names is the same in both, whatever is looked at. So the diff is by the key of the patches
 * or by whole rows, and no column takes the place of another.
 * @returns `null`: the tables are to be read
 */
export function patchedSides(
  [base, ...more]: readonly SourceFile[],
  [head, ...others]: readonly SourceFile[],
  { key, renames }: Pick<DiffSpec, 'key' | 'renames'>,
): PatchedSides | null {
  if (!base || !head || more.length + others.length + renames.length > 0) return null;
  if (!isSameFile(base, head)) return null;
  const own = base.patches?.key ?? head.patches?.key;
  if (!own || ![head.patches?.key, key].every((one) => !one || isSameSet(own, one))) return null;
  return {
    file: baseOf(head),
    patches: { base: patchesAsTables(base), head: patchesAsTables(head) },
    key: own,
    growth: { base: growthOf(base.patches), head: growthOf(head.patches) },
  };
}

/** But for their patches. */
const isSameFile = (one: SourceFile, other: SourceFile): boolean =>
  one.contentHash === other.contentHash &&
  JSON.stringify(hintsOf(one, {})) === JSON.stringify(hintsOf(other, {}));

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((name) => other.includes(name));

const SIDES: readonly Side[] = ['base', 'head'];

/** @param isCounted whether it is known how many rows the file has */
export const patchTables = (
  { file, patches }: PatchedSides,
  isCounted: boolean,
): WorkbenchOptions['tables'] => [
  ...SIDES.flatMap((side) =>
    patches[side].map((patch, place) => ({ name: `${side} ${place}`, files: [patch] })),
  ),
  ...(isCounted ? [] : [{ name: 'plain', files: [file] }]),
];

/** Makes `base` and `head` of the rows that patches name, as each version has them. */
export async function openPatched(
  bench: Workbench,
  sides: PatchedSides,
  { columns, rowCount }: TableDescription,
): Promise<BenchSides> {
  for (const side of SIDES) {
    await bench.run(`CREATE TEMP TABLE "${side} fold" AS ${foldOf(bench, sides, side)}`);
  }
  await bench.run(`CREATE TEMP TABLE named AS ${namedRows(sides.key)}`);
  for (const [side, struct] of [
    ['base', 'earlier'],
    ['head', 'later'],
  ] as const) {
    const list = columns.map((column) => asColumn(struct, column)).join(', ');
    await bench.run(
      `CREATE TEMP TABLE ${side} AS SELECT ${list} FROM named WHERE ${struct} IS NOT NULL`,
    );
  }
  const countOf = async (table: string): Promise<number> =>
    Number((await bench.rows(`SELECT count(*) FROM ${table}`))[0]?.[0]);
  const all = (rowCount ?? (await countOf('plain'))) + sides.growth.base;
  return { columns: { base: columns, head: columns }, beside: all - (await countOf('base')) };
}

const asColumn = (struct: string, column: Column): string =>
  `${fieldOf(struct, column)} AS ${quoteIdentifier(column.name)}`;

/** What a side's patches come to: nothing, of the columns of the other's, where it has none. */
function foldOf({ tables }: Workbench, { key, patches }: PatchedSides, side: Side): string {
  const other = side === 'base' ? 'head' : 'base';
  const own = patches[side].length > 0 ? side : other;
  const rows = tables
    .filter(({ name }) => name.startsWith(`${own} `))
    .map(({ rowsView, rowIndex }) => ({
      sql: quoteIdentifier(rowsView),
      rowIndex: quoteIdentifier(rowIndex),
    }));
  return `SELECT * FROM (${foldRows(rows, key)})${own === side ? '' : ' LIMIT 0'}`;
}

/**
 * Of each row that a patch names, how the versions have it: as the patches of the version say, or, where
 * they don't, as it was in the file, which those of the other remember.
 */
function namedRows(key: readonly string[]): string {
  const same = key.map((name) => {
    const value = (fold: string): string =>
      `struct_extract(coalesce(${fold}.new, ${fold}.old), ${quoteLiteral(name)})`;
    return `${value('b')} = ${value('h')}`;
  });
  return `SELECT CASE WHEN b.op IS NULL THEN h.old ELSE b.new END AS earlier,
      CASE WHEN h.op IS NULL THEN b.old ELSE h.new END AS later
    FROM "base fold" AS b FULL JOIN "head fold" AS h ON ${same.join(' AND ')}`;
}
