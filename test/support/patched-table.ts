import { expect } from '@jest/globals';
import type { Api } from './api.js';
import { jobsApi, type Job } from './jobs.js';

/** A row of the tables that the tests patch. */
export interface PatchedRow {
  id: number;
  name: string | null;
  price: number | null;
  day: string | null;
}

export interface Edit {
  upserts: Partial<PatchedRow>[];
  deletes: { id: number }[];
}

/** A table in memory, patched as the words of docs/decisions/0026 say. */
export class PatchedTable {
  constructor(public rows: PatchedRow[]) {}

  apply({ upserts, deletes }: Edit): void {
    const gone = new Set(deletes.map(({ id }) => id));
    this.rows = this.rows.filter(({ id }) => !gone.has(id));
    for (const row of upserts) {
      const there = this.rows.find(({ id }) => id === row.id);
      if (there) Object.assign(there, row);
      else this.rows.push({ name: null, price: null, day: null, ...row } as PatchedRow);
    }
  }
}

/** Numbers from a seed (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const TEXTS = ['a', 'é, "b"', "c'd", '=1+1', 'line\nbreak', '日本'];

export const randomRow = (next: (below: number) => number, id: number): PatchedRow => ({
  id,
  name: next(5) === 0 ? null : (TEXTS[next(TEXTS.length)] as string),
  price: next(5) === 0 ? null : next(1000) / 4 + 0.25,
  day: next(5) === 0 ? null : `2024-0${1 + next(9)}-1${next(10)}`,
});

/** Some changes of rows that are there, some of rows that are not. */
export function randomEdit(next: (below: number) => number, ids: number): Edit {
  const named = new Set<number>();
  const some = (): number[] =>
    Array.from({ length: 1 + next(6) }, () => next(ids)).filter((id) => {
      const isNew = !named.has(id);
      named.add(id);
      return isNew;
    });
  const upserts = some().map((id) => {
    const { name, ...rest } = randomRow(next, id);
    return next(3) === 0 ? rest : { ...rest, name };
  });
  return { upserts, deletes: some().map((id) => ({ id })) };
}

const cell = (value: unknown): string =>
  value === null
    ? ''
    : typeof value === 'number'
      ? String(value)
      : `"${(value as string).replaceAll('"', '""')}"`;

export const toCsv = (rows: readonly PatchedRow[]): string =>
  ['id,name,price,day', ...rows.map((row) => Object.values(row).map(cell).join(','))].join('\n') +
  '\n';

export const toJsonLines = (rows: readonly PatchedRow[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A change of a commit. */
export const patch = (path: string, edit: Partial<Edit>, key = ['id']) => ({
  op: 'patch',
  path,
  key,
  ...edit,
});

/** Has a patched file written as a plain one, by a job. */
export const compactsOf =
  (api: Api) =>
  async (datasetId: string, path: string, ref = 'latest'): Promise<Job> => {
    const jobs = jobsApi(api);
    const answer = await jobs.post({ kind: 'compact', source: { datasetId, ref, path } });
    expect(answer.status).toBe(202);
    const job = await jobs.ended(((await answer.json()) as Job).id);
    expect(job).toMatchObject({ status: 'succeeded', outputs: [{ name: 'table' }] });
    return job;
  };
