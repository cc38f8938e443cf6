import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiffSpec } from '../../src/tabular/diff/diff.types.js';
import type { ChangedRowDto } from '../../src/tabular/diff/dto/row-diff.dto.js';
import {
  editedTables,
  multisetDifference,
  selectOf,
  type Edit,
  type Row,
} from '../support/edited-tables.js';
import { memoryBench, type MemoryBench } from '../support/memory-bench.js';
import { diffOn, ROOM } from '../support/row-diffs.js';

let bench: MemoryBench;
beforeAll(async () => (bench = await memoryBench()));
afterAll(() => bench.close());

const diff = (base: string, head: string, spec: Partial<DiffSpec> = {}, limits = ROOM) =>
  diffOn(bench, base, head, spec, limits);

const toEdit = ({ change, key, row, cells }: ChangedRowDto): Edit => ({
  change,
  id: key?.['id'] as number,
  ...(row && { row: row as Row }),
  ...((cells && {
    cells: Object.fromEntries(
      cells.map(({ column, before, after }) => [column, { before, after }]),
    ),
  }) as Pick<Edit, 'cells'>),
});

const countsOf = (edits: readonly { change: string; rows?: number }[], unchanged: number) => ({
  inserted: 0,
  updated: 0,
  deleted: 0,
  ...edits.reduce<Record<string, number>>(
    (counts, { change, rows = 1 }) => ({ ...counts, [change]: (counts[change] ?? 0) + rows }),
    {},
  ),
  unchanged,
});

describe('A keyed diff', () => {
  it.each([1, 2, 3, 4, 5, 6])('is the list of the edits that were made (seed %i)', async (seed) => {
    const { base, head, edits } = editedTables(seed);
    const gone = edits.filter(({ change }) => change !== 'inserted').length;
    for (const factor of [1, 7]) {
      const found = await diff(selectOf(base), selectOf(head), {}, { ...ROOM, factor });
      expect(found.items.map(toEdit)).toEqual(edits);
      expect(found.summary.counts).toEqual(countsOf(edits, base.length - gone));
    }
  });

  it('has keys of several columns, and of nothing but them', async () => {
    const base = `SELECT * FROM (VALUES (1, 'a'), (1, 'b'), (2, 'a')) t(id, t)`;
    const head = `SELECT * FROM (VALUES (1, 'b'), (2, 'a'), (2, 'b')) t(id, t)`;
    const { summary, items } = await diff(base, head, { key: ['id', 't'] });
    expect(summary.counts).toEqual({ inserted: 1, updated: 0, deleted: 1, unchanged: 2 });
    expect(items.map(({ change, key, row }) => [change, key, row])).toEqual([
      ['deleted', { id: 1, t: 'a' }, {}],
      ['inserted', { id: 2, t: 'b' }, {}],
    ]);
  });

  it('takes nulls for equal, and NaN, and the two zeros', async () => {
    const base = `SELECT * FROM (VALUES (1, NULL), (2, 'NaN'::DOUBLE), (3, 0.0), (4, NULL), (5, 'Infinity')) t(id, x)`;
    const head = `SELECT * FROM (VALUES (1, NULL), (2, 'NaN'::DOUBLE), (3, -0.0), (4, 1.0), (5, '-Infinity')) t(id, x)`;
    const { items } = await diff(base, head);
    expect(items.map(toEdit)).toEqual([
      { change: 'updated', id: 4, cells: { x: { before: null, after: 1 } } },
      { change: 'updated', id: 5, cells: { x: { before: 'Infinity', after: '-Infinity' } } },
    ]);
  });

  it('keeps exact what JSON and Parquet have no numbers for', async () => {
    const base = `SELECT 1 AS id, 170141183460469231731687303715884105727 AS h, 5::HUGEINT AS s, 123456789012345678.123::DECIMAL(30,3) AS d,
      TIME '10:00:00' AS t, [1, 2] AS l, {'a': 1, 'b': 'x'} AS o, 'abc'::BLOB AS b`;
    const head = `SELECT 1 AS id, 170141183460469231731687303715884105726 AS h, 6::HUGEINT AS s, 123456789012345678.124::DECIMAL(30,3) AS d,
      TIME '10:00:01' AS t, [1, 3] AS l, {'a': 2, 'b': 'x'} AS o, 'abd'::BLOB AS b`;
    const { items } = await diff(base, head);
    expect(items[0]?.cells).toEqual([
      {
        column: 'h',
        before: '170141183460469231731687303715884105727',
        after: '170141183460469231731687303715884105726',
      },
      { column: 's', before: 5, after: 6 },
      { column: 'd', before: '123456789012345678.123', after: '123456789012345678.124' },
      { column: 't', before: '10:00:00', after: '10:00:01' },
      { column: 'l', before: [1, 2], after: [1, 3] },
      { column: 'o', before: { a: 1, b: 'x' }, after: { a: 2, b: 'x' } },
      { column: 'b', before: 'YWJj', after: 'YWJk' },
    ]);
  });

  it('calls columns apart that are called as its own', async () => {
    const names = `change, changed_columns, "x.before", x, "X.after", "a""b", __proto__`;
    const base = `SELECT * FROM (VALUES (1, 2, 3, 4, 5, 6, 7)) t(${names})`;
    const head = `SELECT * FROM (VALUES (1, 3, 4, 5, 6, 7, 8)) t(${names})`;
    const { items } = await diff(base, head, { key: ['change'] });
    expect(items[0]?.key).toEqual({ change: 1 });
    expect(items[0]?.cells).toEqual(
      ['changed_columns', 'x.before', 'x', 'X.after', 'a"b', '__proto__'].map((column, place) => ({
        column,
        before: place + 2,
        after: place + 3,
      })),
    );
  });
});

describe('Numbers within a tolerance', () => {
  const base = `SELECT * FROM (VALUES (1, 1.0, 1), (2, 1000.0, 2), (3, 'NaN'::DOUBLE, 3), (4, 'Infinity', 4), (5, NULL, 5), (6, 1e308, 6)) t(id, x, n)`;
  const head = `SELECT * FROM (VALUES (1, 1.001, 1), (2, 1000.5, 2), (3, 1.0, 3), (4, 1.0, 4), (5, 0.0, 5), (6, -1e308, 7)) t(id, x, n)`;
  const changed = async (absolute: number, relative: number, factor = 1): Promise<unknown[]> => {
    const tolerance = { absolute, relative };
    const { items } = await diff(base, head, { tolerance }, { ...ROOM, factor });
    return items.map(({ key }) => key?.['id']);
  };

  it('are equal, the absolute or the relative one, and never a null, NaN or an infinity', async () => {
    expect(await changed(0, 0)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await changed(0.01, 0)).toEqual([2, 3, 4, 5, 6]);
    expect(await changed(0, 0.0006)).toEqual([1, 3, 4, 5, 6]);
    expect(await changed(0.01, 0.0006)).toEqual([3, 4, 5, 6]);
    expect(await changed(1e9, 1)).toEqual([3, 4, 5, 6]);
    expect(await changed(0.01, 0, 3)).toEqual([2, 3, 4, 5, 6]);
  });

  it('need a key, since being near is not passed on', async () => {
    const tolerance = { absolute: 1, relative: 0 };
    await expect(diff(base, head, { key: null, tolerance })).rejects.toMatchObject({
      code: 'diff-invalid',
    });
  });
});

describe('A diff without a key', () => {
  it.each([1, 2, 3])('is the difference of the multisets (seed %i)', async (seed) => {
    const tables = editedTables(seed, 60);
    // Rows twice, and once more on one side.
    const base = [...tables.base, ...tables.base.slice(0, 9)];
    const head = [...tables.head, ...tables.head.slice(0, 7), ...tables.base.slice(0, 5)];
    const expected = multisetDifference(base, head);
    for (const factor of [1, 5]) {
      const found = await diff(selectOf(base), selectOf(head), { key: null }, { ...ROOM, factor });
      const items = found.items.map(({ change, row, rows }) => [
        JSON.stringify(row),
        { change, rows },
      ]);
      expect(new Map(items as never)).toEqual(expected);
      const deleted = found.summary.counts.deleted;
      expect(found.summary.counts).toEqual(countsOf([...expected.values()], base.length - deleted));
    }
  });
});

describe('Columns that have changed', () => {
  it('by name are told, and are compared where it is said what they were called', async () => {
    const base = `SELECT * FROM (VALUES (1, 'a', 7), (2, 'b', 8)) t(id, old, gone)`;
    const head = `SELECT * FROM (VALUES (1, 'a', true), (2, 'c', true)) t(id, new, more)`;
    const plain = await diff(base, head);
    expect(plain.summary.columns).toMatchObject({
      compared: [],
      added: [{ name: 'new' }, { name: 'more' }],
      removed: [{ name: 'old' }, { name: 'gone' }],
    });
    expect(plain.summary.counts).toMatchObject({ updated: 0, unchanged: 2 });
    const renames = [{ from: 'old', to: 'new' }];
    const renamed = await diff(base, head, { renames });
    expect(renamed.summary.columns).toMatchObject({ compared: ['new'], renamed: renames });
    expect(renamed.items.map(toEdit)).toEqual([
      { change: 'updated', id: 2, cells: { new: { before: 'b', after: 'c' } } },
    ]);
  });

  it('may have changed places', async () => {
    const base = `SELECT * FROM (VALUES (1, 'a', 'b')) t(id, x, y)`;
    const head = `SELECT * FROM (VALUES (1, 'b', 'a')) t(id, x, y)`;
    const renames = [
      { from: 'x', to: 'y' },
      { from: 'y', to: 'x' },
    ];
    expect((await diff(base, head, { renames })).items).toEqual([]);
    expect((await diff(base, head)).items).toHaveLength(1);
  });

  it('by type are compared where one type holds the values of both, and told', async () => {
    const base = `SELECT 1::INTEGER AS id, 1::INTEGER AS i, 9007199254740993::BIGINT AS b, 1.5::FLOAT AS f, DATE '2020-01-01' AS d, 'x' AS t, 7::UBIGINT AS u`;
    const head = `SELECT 1::BIGINT AS id, 1::BIGINT AS i, 9007199254740992::DOUBLE AS b, 1.5::DOUBLE AS f, TIMESTAMP '2020-01-01 00:00:01' AS d, 5 AS t, 7::BIGINT AS u`;
    const { summary, items } = await diff(base, head);
    const retyped = summary.columns.retyped.map(({ name, comparedAs }) => [name, comparedAs]);
    expect(Object.fromEntries(retyped)).toEqual({
      id: 'BIGINT',
      i: 'BIGINT',
      b: 'DOUBLE',
      f: 'DOUBLE',
      d: 'TIMESTAMP',
      u: 'HUGEINT',
      t: null,
    });
    expect(items.map(toEdit)).toEqual([
      {
        change: 'updated',
        id: 1,
        cells: {
          // A DOUBLE has no 9007199254740993.
          b: { before: '9007199254740993', after: 9007199254740992 },
          d: { before: '2020-01-01', after: '2020-01-01T00:00:01' },
        },
      },
    ]);
    const inShares = { ...ROOM, factor: 3 };
    expect((await diff(base, head, {}, inShares)).items).toEqual(items);
    for (const limits of [ROOM, inShares]) {
      const whole = await diff(base, head, { key: null, columns: ['b'] }, limits);
      expect(whole.summary.counts).toEqual({ inserted: 1, updated: 0, deleted: 1, unchanged: 0 });
    }
    const same = `SELECT 1::DOUBLE AS b`;
    const equal = await diff('SELECT 1::BIGINT AS b', same, { key: null });
    expect(equal.items).toEqual([]);
  });

  it('are passed over, or the only ones that are seen', async () => {
    const base = `SELECT 1 AS id, 1 AS a, 1 AS b, 1 AS c`;
    const head = `SELECT 1 AS id, 2 AS a, 2 AS b, 2 AS d`;
    const seen = async (spec: Partial<DiffSpec>): Promise<unknown> =>
      (await diff(base, head, spec)).items[0]?.cells?.map(({ column }) => column);
    expect(await seen({})).toEqual(['a', 'b']);
    expect(await seen({ columns: ['B'] })).toEqual(['b']);
    expect(await seen({ ignore: ['b', 'c', 'd'] })).toEqual(['a']);
    expect(await seen({ ignore: ['a', 'b'] })).toBeUndefined();
    const { summary } = await diff(base, head, { ignore: ['c', 'd'] });
    expect(summary.columns).toMatchObject({ added: [], removed: [] });
  });
});
