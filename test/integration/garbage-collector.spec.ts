import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MemoryStorageBackend } from '../../src/storage/backends/memory/memory.storage-backend.js';
import { GcStatus } from '../../src/storage/gc/gc-status.service.js';
import { backendStore, breaches } from '../support/invariants.js';
import { createStorageLab, OWNER, type StorageLab } from '../support/storage-lab.js';

const store = new MemoryStorageBackend();
let lab: StorageLab;
beforeAll(async () => {
  lab = await createStorageLab(store);
});
afterAll(() => lab.close());
afterEach(async () => {
  jest.restoreAllMocks();
  await lab.database.query('TRUNCATE storage_intents, file_references, files, gc_runs CASCADE');
  for await (const { path } of store.listFiles('blobs/')) await store.deleteFile(path);
});

/** Rows alone: what they name is not there, which a removal takes for done. */
const addFiles = (from: number, count: number, size = 10, references = 1): Promise<unknown> =>
  lab.database.query(
    `INSERT INTO files (content_hash, size_bytes, block_crcs, backend, storage_key, reference_count,
       zero_since)
     SELECT lpad(n::text, 64, '0'), $3, '', 'memory', 'blobs/' || n, $4::int,
       CASE WHEN $4::int = 0 THEN now() END
     FROM generate_series($1::int, $1::int + $2::int - 1) AS n`,
    [from, count, size, references],
  );
const giveUp = (from: number, count: number): Promise<unknown> =>
  lab.database.query(
    `UPDATE files SET reference_count = 0, zero_since = now()
     WHERE storage_key IN (SELECT 'blobs/' || n FROM generate_series($1::int, $1::int + $2::int - 1) n)`,
    [from, count],
  );

describe('A dry run', () => {
  it('tells exactly what the next turn does, and changes nothing', async () => {
    await lab.create('kept');
    await lab.release(await lab.create('given up'));
    await lab.producer.createArtifact(Readable.from([Buffer.from('over')]), {
      fileType: 'binary',
      owner: OWNER,
      expiresAt: new Date(Date.now() - 1e3),
    });
    await lab.producer.stage(Readable.from([Buffer.from('dead')]), { fileType: 'binary' });
    await lab.database.query(
      `UPDATE storage_intents SET lease_until = now() - interval '1 hour' WHERE kind = 'write'`,
    );
    const state = async (): Promise<unknown> => [
      await lab.database.query(
        `SELECT (SELECT json_agg(i ORDER BY id) FROM storage_intents i) AS intents,
           (SELECT json_agg(f ORDER BY id) FROM files f) AS files,
           (SELECT json_agg(r ORDER BY id) FROM file_references r) AS references,
           (SELECT json_agg(s) FROM gc_state s) AS state, (SELECT count(*) FROM gc_runs) AS runs`,
      ),
      await Array.fromAsync(store.listFiles('')),
    ];
    const before = await state();
    const foreseen = await lab.collector.collect({ dryRun: true });
    expect(await state()).toEqual(before);
    const expected = {
      reaped: 1,
      expired: 1,
      doomed: { objects: 2, bytes: 12 },
      // The dead upload's too, whose bytes nobody has counted.
      deleted: { objects: 3, bytes: 12 },
      failed: 0,
      heldBack: null,
    };
    expect(foreseen).toMatchObject({ ...expected, dryRun: true, runId: null });
    const done = await lab.collector.collect();
    expect(done).toMatchObject({ ...expected, dryRun: false, runId: expect.any(String) });
    expect(await breaches(lab.database, backendStore(store), { quiet: false })).toEqual([]);
    const [run] = await lab.database.query('SELECT * FROM gc_runs');
    expect(run).toMatchObject({
      id: done.runId,
      asked_by: 'schedule',
      reaped: 1,
      expired: 1,
      failed: 0,
      doomed_objects: 2,
      doomed_bytes: '12',
      deleted_objects: 3,
      deleted_bytes: '12',
      finished_at: expect.any(Date),
    });
    expect(await lab.collector.collect()).toMatchObject({ runId: null });
  });
});

describe('A removal that fails', () => {
  /** The store refuses to remove files; how often it was asked. */
  const refuse = () =>
    jest.spyOn(store, 'deleteFile').mockImplementation(async (path) => {
      if (path.startsWith('blobs/')) throw new Error('EACCES: read-only');
    });

  it('waits longer each time, and is told of in the words of the store', async () => {
    await lab.release(await lab.create('stubborn'));
    const waits: number[] = [];
    refuse();
    for (const attempts of [1, 2]) {
      expect(await lab.collector.collect()).toMatchObject({ failed: 1, deleted: { objects: 0 } });
      const [row] = await lab.database.query<{ minutes: number }>(
        `SELECT extract(epoch FROM not_before - now())::float8 / 60 AS minutes, attempts, last_error
         FROM storage_intents WHERE lease_until IS NULL`,
      );
      expect(row).toMatchObject({ attempts, last_error: 'Error: EACCES: read-only' });
      waits.push(Math.round(row?.minutes ?? 0));
      await lab.database.query('UPDATE storage_intents SET not_before = now()');
    }
    expect(waits).toEqual([1, 2]);
    const { failures } = await lab.get<GcStatus>(GcStatus).read();
    expect(failures).toMatchObject({ count: 1, items: [{ attempts: 2 }] });
    jest.restoreAllMocks();
    expect(await lab.collector.collect()).toMatchObject({ failed: 0, deleted: { objects: 1 } });
  });

  it('with all others of its batch ends the turn: the store does not answer', async () => {
    await addFiles(1, 250, 10, 0);
    const asked = refuse();
    const report = await lab.collector.collect();
    expect(report).toMatchObject({
      doomed: { objects: 250 },
      deleted: { objects: 0 },
      failed: 100,
    });
    expect(asked.mock.calls.filter(([path]) => path.startsWith('blobs/'))).toHaveLength(100);
  });
});

describe('The brake of GC_MAX_PERCENT', () => {
  const collected = async (options = {}) => {
    const { doomed, heldBack } = await lab.collector.run(null, options);
    return { doomed: doomed.objects, heldBack: heldBack?.reason ?? null };
  };

  it('does not count below 1,000 files', async () => {
    await addFiles(1, 999);
    await giveUp(1, 500);
    expect(await collected()).toEqual({ doomed: 500, heldBack: null });
  });

  it('lets go 5 % and holds back more, dooming and removing, until it is forced', async () => {
    await addFiles(1, 1000);
    await giveUp(1, 51);
    await lab.database.query(
      `INSERT INTO storage_intents (id, kind, backend, storage_key, size_bytes)
       VALUES (gen_random_uuid(), 'delete', 'memory', 'blobs/x', 7)`,
    );
    const foreseen = await lab.collector.collect({ dryRun: true });
    expect(foreseen).toMatchObject({
      doomed: { objects: 0 },
      deleted: { objects: 0 },
      heldBack: {
        reason: 'too-much',
        doomed: { objects: 51 },
        deleted: {
          objects: 52,
          bytes: 517,
        },
      },
    });
    expect(await collected()).toEqual({ doomed: 0, heldBack: 'too-much' });
    expect(await lab.database.query('SELECT storage_key FROM storage_intents')).toHaveLength(1);
    expect(await collected({ force: true })).toEqual({ doomed: 51, heldBack: null });
    // What was forced does not count: 47 of 949 are less than 5 %.
    await giveUp(100, 47);
    await addFiles(2000, 60);
    expect(await collected()).toEqual({ doomed: 47, heldBack: null });
  });

  it('counts what went within a day, so that little by little is too much too', async () => {
    await addFiles(1, 1000);
    await giveUp(1, 40);
    expect(await collected()).toEqual({ doomed: 40, heldBack: null });
    await giveUp(100, 11);
    expect(await collected()).toEqual({ doomed: 0, heldBack: 'too-much' });
    await lab.database.query(`UPDATE gc_runs SET started_at = started_at - interval '25 hours'`);
    await addFiles(2000, 40);
    expect(await collected()).toEqual({ doomed: 11, heldBack: null });
  });

  it('counts bytes as it counts files', async () => {
    await addFiles(1, 1000);
    await addFiles(5000, 1, 1_000_000, 0);
    expect(await collected()).toEqual({ doomed: 0, heldBack: 'too-much' });
  });
});

describe('The record of turns', () => {
  it('keeps a thousand, and all of the last day', async () => {
    await lab.database.query(
      `INSERT INTO gc_runs (id, asked_by, forced, started_at)
       SELECT gen_random_uuid(), 'schedule', true, now() - n * interval '2 minutes'
       FROM generate_series(1, 1500) AS n`,
    );
    await lab.collector.run(null, {});
    const [row] = await lab.database.query('SELECT count(*)::int AS count FROM gc_runs');
    expect(row).toEqual({ count: 1000 });
    await lab.database.query(`UPDATE gc_runs SET started_at = now() - interval '1 hour'`);
    await lab.database.query(
      `INSERT INTO gc_runs (id, asked_by, forced) SELECT gen_random_uuid(), 'schedule', true
       FROM generate_series(1, 100)`,
    );
    await lab.collector.run(null, {});
    const [all] = await lab.database.query('SELECT count(*)::int AS count FROM gc_runs');
    expect(all).toEqual({ count: 1101 });
  });
});
