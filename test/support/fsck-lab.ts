import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../src/core/contracts/storage-backend.contract.js';
import { UnitOfWork } from '../../src/core/database/index.js';
import { ComponentUsesRepository, OverlayUsesRepository } from '../../src/datasets/index.js';
import { strangersOf } from '../../src/storage/backends/storage-backends.js';
import { checkStore } from '../../src/storage/fsck/check-store.js';
import { isLeft, type FsckFinding, type FsckProgress } from '../../src/storage/fsck/findings.js';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import { startTestApp, type TestApp } from './app.js';
import { datasetsApi } from './datasets.js';
import { breaches, diskStore, quiesce } from './invariants.js';
import { objectOf } from './storage-damage.js';

interface Options {
  readData?: number;
  repair?: boolean;
  seed?: number;
}

/** @param around calls of the backend that are to be others */
async function checkOf(
  { app, env }: TestApp,
  options: Options,
  around: Partial<IStorageBackend>,
): Promise<{ report: Readonly<FsckProgress>; findings: FsckFinding[] }> {
  const findings: FsckFinding[] = [];
  const parts = {
    unitOfWork: app.get(UnitOfWork),
    backend: Object.assign(
      Object.create(app.get(STORAGE_BACKEND, { strict: false })),
      around,
    ) as IStorageBackend,
    strangers: strangersOf(env),
    uses: [new ComponentUsesRepository(), new OverlayUsesRepository()],
    retainSeconds: 0,
  };
  const report = await checkStore(parts, {
    readData: 0,
    repair: false,
    seed: 1,
    ...options,
    onFinding: (finding) => findings.push(finding),
  });
  expect(report.findings).toBe(findings.length);
  expect(report.left).toBe(findings.filter(isLeft).length);
  return { report, findings };
}

/** An application whose store is damaged and checked, call by call. */
export async function createFsckLab() {
  const app: TestApp = await startTestApp({ GC_GRACE_SECONDS: '0', GC_RETAIN_SECONDS: '0' });
  const api = datasetsApi(app);
  const backend: IStorageBackend = app.app.get(STORAGE_BACKEND, { strict: false });
  const collector = app.app.get(GarbageCollector, { strict: false });
  const root = join(app.env.STRATUM_DATA_DIR, 'storage');

  const check = (options: Options = {}, around: Partial<IStorageBackend> = {}) =>
    checkOf(app, options, around);
  /** All that a look must not change. */
  const state = async (): Promise<unknown> => ({
    files: await app.database.query('SELECT * FROM files ORDER BY id'),
    references: await app.database.query('SELECT * FROM file_references ORDER BY id'),
    intents: await app.database.query('SELECT * FROM storage_intents ORDER BY id'),
  });

  return {
    app,
    api,
    backend,
    collector,
    root,
    check,
    state,
    /** The one thing that a look finds, changing nothing. */
    finds: async (kind: string, options: Options = {}): Promise<FsckFinding> => {
      const before = await state();
      const { findings } = await check(options);
      expect(findings).toEqual([expect.objectContaining({ kind })]);
      expect(await state()).toEqual(before);
      return findings[0]!;
    },
    /** What a repair has made of each thing that it has found. */
    outcomes: async (options: Options = {}): Promise<string[]> =>
      (await check({ repair: true, ...options })).findings.map(({ outcome }) => outcome),
    /** Nothing is wrong, neither to the check nor to the tests' own eyes. */
    expectClean: async (): Promise<void> => {
      expect((await check({ readData: 100 })).findings).toEqual([]);
      expect(await breaches(app.database, diskStore(root), { quiet: false })).toEqual([]);
    },
    /** The collector does what there is to do. */
    settle: () => quiesce(app.database, () => collector.collect()),
    upload: async (content: Uint8Array | string = randomBytes(1000)) => {
      const id = await api.upload(content);
      return { id, content, object: await objectOf(app, id) };
    },
  };
}

export type FsckLab = Awaited<ReturnType<typeof createFsckLab>>;
