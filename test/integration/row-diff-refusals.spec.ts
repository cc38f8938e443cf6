import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KeyNotUniqueError } from '../../src/tabular/diff/diff.errors.js';
import type { DiffSpec } from '../../src/tabular/diff/diff.types.js';
import { memoryBench, type MemoryBench } from '../support/memory-bench.js';
import { diffOn, ROOM } from '../support/row-diffs.js';

let bench: MemoryBench;
beforeAll(async () => (bench = await memoryBench()));
afterAll(() => bench.close());

const diff = (base: string, head: string, spec: Partial<DiffSpec> = {}, limits = ROOM) =>
  diffOn(bench, base, head, spec, limits);

describe('What can not be compared', () => {
  const table = `SELECT * FROM (VALUES (1, 'a', 1), (2, 'b', 2)) t(id, x, y)`;

  it('for a key that is in several rows, or null, is told with examples', async () => {
    const rows = Array.from({ length: 30 }, (_, place) => `(${place % 15}, ${place})`).join(', ');
    const repeated = `SELECT * FROM (VALUES ${rows}, (3, 99), (NULL, 1)) t(id, x)`;
    for (const factor of [1, 6]) {
      const failure = await diff(repeated, table, {}, { ...ROOM, factor }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(KeyNotUniqueError);
      const { base, head } = (failure as KeyNotUniqueError).extensions as never as {
        base: { examples: unknown[] };
        head?: unknown;
      };
      expect(head).toBeUndefined();
      expect(base).toMatchObject({ nullRows: 1, duplicates: 15, duplicateRows: 31 });
      expect(base.examples).toHaveLength(10);
      expect(base.examples[0]).toEqual({ key: { id: 3 }, rows: 3 });
    }
    await expect(diff(table, repeated)).rejects.toMatchObject({
      extensions: { key: ['id'], head: { duplicates: 15 } },
    });
  });

  it.each<[string, Partial<DiffSpec>, string]>([
    ['a key that no table has', { key: ['nowhere'] }, 'column-unknown'],
    ['a key twice', { key: ['id', 'ID'] }, 'diff-invalid'],
    ['a key that is ignored', { ignore: ['id'] }, 'diff-invalid'],
    ['unknown columns', { columns: ['nowhere'] }, 'column-unknown'],
    ['unknown ignored ones', { ignore: ['nowhere'] }, 'column-unknown'],
    ['a rename of nothing', { renames: [{ from: 'nowhere', to: 'x' }] }, 'column-unknown'],
    ['a rename to nothing', { renames: [{ from: 'x', to: 'nowhere' }] }, 'column-unknown'],
    ['a rename onto another', { renames: [{ from: 'x', to: 'y' }] }, 'diff-invalid'],
    [
      'two renames of one',
      {
        renames: [
          { from: 'x', to: 'y' },
          { from: 'x', to: 'x' },
        ],
      },
      'diff-invalid',
    ],
    [
      'two renames to one',
      {
        renames: [
          { from: 'x', to: 'y' },
          { from: 'y', to: 'y' },
        ],
      },
      'diff-invalid',
    ],
    ['no columns at all', { key: null, ignore: ['id', 'x', 'y'] }, 'diff-invalid'],
  ])('%s', async (_, spec, code) => {
    await expect(diff(table, table, spec)).rejects.toMatchObject({ code });
  });

  it('a key whose types have nothing in common', async () => {
    await expect(diff(table, `SELECT 'a' AS id`)).rejects.toMatchObject({ code: 'diff-invalid' });
  });

  it('a key that is there once only is unknown in the other', async () => {
    await expect(diff(table, 'SELECT 1 AS x')).rejects.toMatchObject({ code: 'column-unknown' });
  });
});
