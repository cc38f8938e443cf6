import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { FileId } from '../../src/core/contracts/ids.js';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../src/core/contracts/storage-backend.contract.js';
import { LocalStorageBackend } from '../../src/storage/backends/local/local.storage-backend.js';
import { strangersOn } from '../../src/storage/backends/local/strangers.js';
import { checkStore } from '../../src/storage/fsck/check-store.js';
import type { FsckFinding } from '../../src/storage/fsck/findings.js';
import { copyOf, type TestDatabase } from '../support/database.js';
import { FaultPart } from '../support/faults/part.js';
import { breaches, diskStore, quiesce } from '../support/invariants.js';
import { createStorageLab, OWNER, type StorageLab } from '../support/storage-lab.js';

const CONTENTS = 40;
const STEPS = 12;

let root: string;
/** The database that counts, until an earlier state of it takes its place. */
let lab: StorageLab;
const openLab = (database?: TestDatabase): Promise<StorageLab> =>
  createStorageLab(new LocalStorageBackend({ root }), {}, database);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stratum-restores-'));
  lab = await openLab();
});
afterAll(async () => {
  await lab.close();
  await rm(root, { recursive: true, force: true });
});

const disk = async (): Promise<string[]> =>
  [...(await diskStore(root).objects()).entries()].map(([path, { sha256 }]) => `${path} ${sha256}`);

const keysOf = async (database: TestDatabase, table: string): Promise<string[]> =>
  (await database.query<{ key: string }>(`SELECT storage_key AS key FROM ${table}`)).map(
    ({ key }) => key,
  );

const rowsOf = async (database: TestDatabase): Promise<unknown> =>
  await database.query(
    `SELECT (SELECT json_agg(f ORDER BY id) FROM files f) AS files,
       (SELECT json_agg(r ORDER BY id) FROM file_references r) AS references,
       (SELECT json_agg(i ORDER BY id) FROM storage_intents i) AS intents`,
  );

/** Stores, stores again and gives up, by chance, with turns of the collector in between. */
async function live(random: () => number): Promise<void> {
  for (let step = 0; step < STEPS; step += 1) {
    const held = await lab.database.query<{ id: FileId }>(
      'SELECT DISTINCT file_id AS id FROM file_references ORDER BY 1',
    );
    const chosen = held[Math.floor(random() * held.length)];
    if (chosen && random() < 0.4) await lab.release(chosen.id);
    else await lab.create(`content ${Math.floor(random() * CONTENTS)}`);
    if (random() < 0.2) await lab.collector.collect();
  }
}

async function check(repair: boolean): Promise<FsckFinding[]> {
  const findings: FsckFinding[] = [];
  await checkStore(
    {
      unitOfWork: lab.unitOfWork,
      backend: lab.get<IStorageBackend>(STORAGE_BACKEND),
      strangers: strangersOn({ root }),
      uses: [],
      retainSeconds: 0,
    },
    { readData: 100, repair, seed: 1, onFinding: (finding) => findings.push(finding) },
  );
  return findings;
}

/** What the check must say: what is named and not there, and what is there and not named. */
async function differences(): Promise<string[]> {
  const there = new Set((await diskStore(root).objects()).keys());
  const files = await keysOf(lab.database, 'files');
  const named = new Set([...files, ...(await keysOf(lab.database, 'storage_intents'))]);
  return [
    ...files.filter((key) => !there.has(key)).map((key) => `object-missing ${key}`),
    ...[...there].filter((key) => !named.has(key)).map((key) => `object-orphaned ${key}`),
  ].sort();
}

it('removes nothing after a restore until an operator says so, and tells exactly what differs', async () => {
  const part = new FaultPart('K13', 'restores', { short: 2, full: 50 });
  const { done } = await part.play(async (random, number) => {
    await live(random);
    const onItsWay = await lab.producer.stage(
      Readable.from([Buffer.from(`on its way ${number} ${random()}`)]),
      { fileType: 'binary' },
    );
    const backup = await copyOf(lab.database);
    await lab.unitOfWork.run((tx) => lab.producer.publish(tx, [onItsWay], OWNER));
    await live(random);
    await lab.create(`only since the backup ${number} ${random()}`);
    // What came after the last turn of a collector is not seen to be missing: decision 21.
    expect((await lab.collector.collect()).heldBack).toBeNull();
    await lab.close();

    // By the time that a backup is needed, every lease has run out.
    await backup.query(`UPDATE storage_intents SET lease_until = now() - interval '1 hour'`);
    lab = await openLab(backup);
    const before = { disk: await disk(), rows: await rowsOf(backup) };
    for (const force of [false, true, random() < 0.5]) {
      expect((await lab.collector.run(null, { force })).heldBack?.reason).toBe('database-restored');
    }
    const differing = await differences();
    const findings = await check(false);
    const found = findings.map(({ kind, storageKey }) => `${kind} ${storageKey}`);
    expect(found.sort()).toEqual(differing);
    expect({ disk: await disk(), rows: await rowsOf(backup) }).toEqual(before);

    const foreseen = await lab.collector.collect({ dryRun: true, acceptRestore: true });
    const { doomed, deleted, reaped } = await lab.collector.run(null, { acceptRestore: true });
    expect({ doomed, deleted, reaped }).toEqual({
      doomed: foreseen.doomed,
      deleted: foreseen.deleted,
      reaped: foreseen.reaped,
    });
    await check(true);
    await quiesce(backup, () => lab.collector.collect());
    // Lost bytes are marked, which deceives nobody; what nobody names is left to the operator.
    const orphans = differing.filter((one) => one.startsWith('object-orphaned '));
    expect((await breaches(backup, diskStore(root))).sort()).toEqual(
      orphans.map((one) => `${one.slice('object-orphaned '.length)} is named by no row`),
    );
    for (const key of orphans) await rm(join(root, key.slice('object-orphaned '.length)));
    return {
      faults: 1,
      figures: { missing: differing.length - orphans.length, orphaned: orphans.length },
    };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 1_800_000);
