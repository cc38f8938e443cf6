import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FileId } from '../../src/core/contracts/ids.js';
import { LocalStorageBackend } from '../../src/storage/backends/local/local.storage-backend.js';
import { ContentReader } from '../../src/storage/index.js';
import { GC_MARKS_PREFIX } from '../../src/storage/gc/marks.js';
import { copyOf, type TestDatabase } from '../support/database.js';
import { createStorageLab, OWNER, type StorageLab } from '../support/storage-lab.js';

const ADMIN_TURNS = 3;

/** The database goes back to an earlier point, the store stays what it is. */
describe('a database that was restored to an earlier point', () => {
  let root: string;
  let backup: TestDatabase;
  let later: StorageLab;
  let restored: StorageLab;
  const kept: FileId[] = [];
  let objectsBefore: string[];

  const objects = async (): Promise<string[]> => {
    const paths: string[] = [];
    for await (const { path } of new LocalStorageBackend({ root }).listFiles('')) {
      if (!path.startsWith(GC_MARKS_PREFIX)) paths.push(path);
    }
    return paths.sort();
  };
  const openLab = (database?: TestDatabase): Promise<StorageLab> =>
    createStorageLab(new LocalStorageBackend({ root }), {}, database);
  const keyOf = async (lab: StorageLab, id: FileId): Promise<string> => {
    const [row] = await lab.database.query<{ key: string }>(
      'SELECT storage_key AS key FROM files WHERE id = $1',
      [id],
    );
    return row?.key ?? '';
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'stratum-restore-'));
    later = await openLab();
    for (const content of ['one', 'two', 'three']) kept.push(await later.create(content));
    const revived = await later.create('given up at the backup, and stored again since');
    await later.release(revived);
    // An upload that has come, and becomes a file only after the backup.
    const staged = await later.producer.stage(Readable.from([Buffer.from('on its way')]), {
      fileType: 'binary',
    });
    backup = await copyOf(later.database);

    await later.create('given up at the backup, and stored again since');
    await later.unitOfWork.run((tx) => later.producer.publish(tx, [staged], OWNER));
    await later.create('stored after the backup');
    await later.release(kept.pop() as FileId);
    const { deleted, heldBack } = await later.collector.collect();
    expect({ deleted: deleted.objects, heldBack }).toEqual({ deleted: 1, heldBack: null });
    objectsBefore = await objects();
    restored = await openLab(backup);
    // By the time that a backup is needed, every lease has run out.
    await backup.query(`UPDATE storage_intents SET lease_until = now() - interval '1 hour'`);
  });
  afterAll(async () => {
    await restored.close();
    await later.close();
    await rm(root, { recursive: true, force: true });
  });

  it('is told of from the start on, before the first turn', () => {
    expect(restored.collector.brake).toBe('database-restored');
  });

  it('has nothing removed by any number of turns, however they are asked for', async () => {
    const state = (): Promise<unknown> =>
      restored.database.query(
        `SELECT (SELECT json_agg(i ORDER BY id) FROM storage_intents i) AS intents,
                (SELECT json_agg(f.id ORDER BY id) FROM files f) AS files`,
      );
    const before = await state();
    for (let turn = 0; turn < ADMIN_TURNS; turn += 1) {
      const report = await restored.collector.collect();
      expect(report).toMatchObject({
        runId: null,
        reaped: 0,
        doomed: { objects: 0 },
        deleted: { objects: 0 },
        heldBack: { reason: 'database-restored', reaped: 1, doomed: { objects: 1 } },
      });
    }
    const forced = await restored.collector.run(null, { force: true });
    expect(forced.heldBack?.reason).toBe('database-restored');
    expect(await objects()).toEqual(objectsBefore);
    expect(await state()).toEqual(before);
    expect(restored.collector.brake).toBe('database-restored');
  });

  it('still has the files of that point whose bytes are there', async () => {
    const reader = restored.get<ContentReader>(ContentReader);
    const contents = await Promise.all(kept.map(async (id) => text(await reader.open(id))));
    expect(contents).toEqual(['one', 'two']);
  });

  it('goes on collecting when an operator has said that it counts', async () => {
    const foreseen = await restored.collector.collect({ dryRun: true, acceptRestore: true });
    expect(foreseen).toMatchObject({ heldBack: null, reaped: 1, doomed: { objects: 1 } });
    expect(await objects()).toEqual(objectsBefore);
    const accepted = await restored.collector.run(null, { acceptRestore: true });
    expect(accepted).toMatchObject({
      heldBack: null,
      reaped: foreseen.reaped,
      doomed: foreseen.doomed,
      deleted: foreseen.deleted,
    });
    const next = await restored.collector.collect();
    expect(next.heldBack).toBeNull();
    for (const id of kept) expect(await objects()).toContain(await keyOf(restored, id));
  });

  it('is not taken for the one that it came from, which now is behind', async () => {
    const report = await later.collector.collect();
    expect(report.heldBack?.reason).toBe('database-restored');
  });
});
