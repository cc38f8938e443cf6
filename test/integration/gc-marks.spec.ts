import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MemoryStorageBackend } from '../../src/storage/backends/memory/memory.storage-backend.js';
import { GC_MARKS_PREFIX, markOf, newToken, pathOf } from '../../src/storage/gc/marks.js';
import { RestoreGuard } from '../../src/storage/gc/restore-guard.service.js';
import { createStorageLab, type StorageLab } from '../support/storage-lab.js';

const store = new MemoryStorageBackend();
let lab: StorageLab;
beforeAll(async () => {
  lab = await createStorageLab(store);
});
afterAll(() => lab.close());
afterEach(() => void jest.restoreAllMocks());

const marks = async (): Promise<number[]> => {
  const numbers: number[] = [];
  for await (const { path } of store.listFiles(GC_MARKS_PREFIX)) {
    numbers.push(markOf(path)?.number ?? -1);
  }
  return numbers;
};

describe('The marks', () => {
  const standing = async (): Promise<string | null> =>
    (await lab.get<RestoreGuard>(RestoreGuard).look()).restored;
  const mark = (): Promise<void> => lab.get<RestoreGuard>(RestoreGuard).mark(null);

  it('are one in the store, and no more when nothing has moved on', async () => {
    await lab.collector.collect();
    const [first, ...others] = await marks();
    expect(others).toEqual([]);
    await lab.collector.collect();
    expect(await marks()).toEqual([first]);
    await lab.create('new');
    await lab.collector.collect();
    expect(await marks()).toEqual([(first ?? 0) + 1]);
    await lab.database.query(`UPDATE gc_state SET marked_at = now() - interval '61 minutes'`);
    await lab.collector.collect();
    expect(await marks()).toEqual([(first ?? 0) + 2]);
  });

  it('raise no alarm after a kill between the count and the mark, and leave nothing behind', async () => {
    await mark();
    const [number = 0] = await marks();
    const killed = pathOf({ number: number + 1, token: newToken() });
    await lab.database.query('UPDATE gc_state SET mark = mark + 1, token = $1', [
      killed.slice(-16),
    ]);
    await (await store.openStaged(killed)).write(Buffer.from('half'));
    expect(await standing()).toBeNull();
    await lab.collector.collect();
    expect(await marks()).toEqual([number + 2]);
    expect(await Array.fromAsync(store.listStaged())).toEqual([]);
  });

  it('raise none when many collectors write and look at once', async () => {
    const found = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => (n % 2 === 0 ? mark() : standing())),
    );
    expect(found.filter((one) => typeof one === 'string')).toEqual([]);
    expect(await standing()).toBeNull();
  });

  it('raise none when the store was emptied', async () => {
    for await (const { path } of store.listFiles(GC_MARKS_PREFIX)) await store.deleteFile(path);
    expect(await standing()).toBeNull();
    await lab.collector.collect();
    expect(await marks()).toHaveLength(1);
  });

  it('do not keep a full disk full', async () => {
    await lab.release(await lab.create('in the way'));
    jest
      .spyOn(store, 'openStaged')
      .mockRejectedValue(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    expect(await lab.collector.collect()).toMatchObject({ deleted: { objects: 1 } });
  });

  it('tell of a copy of the database that went its own way', async () => {
    await mark();
    const [number = 0] = await marks();
    const stranger = pathOf({ number, token: newToken() });
    await store.writeStream(stranger, Readable.from([Buffer.from('x')]));
    expect(await standing()).toContain('restored to an earlier point');
    await store.deleteFile(stranger);
    expect(await standing()).toBeNull();
  });

  it('tell as much when they were only staged, and are cleared away with leave', async () => {
    await mark();
    const [number = 0] = await marks();
    await (await store.openStaged(pathOf({ number: number + 5, token: newToken() }))).seal();
    expect(await standing()).toContain('restored to an earlier point');
    await lab.collector.collect({ acceptRestore: true });
    expect(await Array.fromAsync(store.listStaged())).toEqual([]);
    expect(await marks()).toEqual([number + 6]);
    expect(await standing()).toBeNull();
  });

  it.each([
    ['another cluster', `system_identifier = '1'`],
    ['another timeline', 'timeline = timeline + 1'],
  ])(
    'are not needed to see %s; a turn without leave does not make it the known one',
    async (_, set) => {
      await mark();
      await lab.database.query(`UPDATE gc_state SET ${set}`);
      await mark();
      expect(await standing()).toContain('another PostgreSQL');
      await lab.collector.collect({ acceptRestore: true });
      expect(await standing()).toBeNull();
    },
  );

  it('of an old store hold a fresh database back', async () => {
    await mark();
    await lab.database.query('TRUNCATE gc_state');
    await lab.release(await lab.create('of the fresh one'));
    expect(await lab.collector.collect()).toMatchObject({
      heldBack: { reason: 'database-restored', doomed: { objects: 1 } },
    });
    expect(lab.collector.brake).toBe('database-restored');
    await lab.collector.collect({ acceptRestore: true });
    expect(lab.collector.brake).toBeNull();
  });
});
