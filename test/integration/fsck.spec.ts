import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../src/core/contracts/storage-backend.contract.js';
import { UnitOfWork } from '../../src/core/database/index.js';
import { ComponentUsesRepository, OverlayUsesRepository } from '../../src/datasets/index.js';
import { checkStore } from '../../src/storage/fsck/check-store.js';
import { isLeft, type FsckFinding } from '../../src/storage/fsck/findings.js';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, put } from '../support/datasets.js';
import { breaches, diskStore, quiesce } from '../support/invariants.js';
import { flipBit, objectOf } from '../support/storage-damage.js';

const DAY_MS = 86_400_000;

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp({ GC_GRACE_SECONDS: '0', GC_RETAIN_SECONDS: '0' });
  api = datasetsApi(app);
});
afterAll(() => app.stop());

const root = (): string => join(app.env.STRATUM_DATA_DIR, 'storage');
const backend = (): IStorageBackend => app.app.get(STORAGE_BACKEND, { strict: false });
const inspected = () => ({ database: app.database, env: app.env });

async function check(
  options: { readData?: number; repair?: boolean; seed?: number } = {},
  around: Partial<IStorageBackend> = {},
) {
  const findings: FsckFinding[] = [];
  const parts = {
    unitOfWork: app.app.get(UnitOfWork),
    backend: Object.assign(Object.create(backend()), around) as IStorageBackend,
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

/** All that a check must not change, unless it is to repair. */
const state = async (): Promise<unknown> => ({
  files: await app.database.query('SELECT * FROM files ORDER BY id'),
  references: await app.database.query('SELECT * FROM file_references ORDER BY id'),
  intents: await app.database.query('SELECT * FROM storage_intents ORDER BY id'),
});

/** What is found is found twice, since a look changes nothing. */
async function finds(kind: string, options = {}): Promise<FsckFinding> {
  const before = await state();
  const { findings } = await check(options);
  expect(findings).toEqual([expect.objectContaining({ kind })]);
  expect(await state()).toEqual(before);
  return findings[0]!;
}

const outcomes = async (options = {}): Promise<string[]> =>
  (await check({ repair: true, ...options })).findings.map(({ outcome }) => outcome);

const expectClean = async (): Promise<void> => {
  expect((await check({ readData: 100 })).findings).toEqual([]);
  expect(await breaches(app.database, diskStore(root()), { quiet: false })).toEqual([]);
};

const upload = async (content: Uint8Array | string = randomBytes(1000)) => {
  const id = await api.upload(content);
  return { id, content, object: await objectOf(inspected(), id) };
};

describe('fsck', () => {
  it('finds nothing where nothing is wrong, and reads as much as it is told to', async () => {
    for (let n = 0; n < 20; n += 1) await upload();
    const dataset = await api.create({ name: 'Whole' });
    await api.commit(dataset.id, [put('a/b.csv', (await upload()).id)]);
    const looked = await check();
    expect(looked.report).toMatchObject({
      files: 22,
      filesTotal: 22,
      objects: 22,
      bytes: 0,
      left: 0,
    });
    const half = (await check({ readData: 50, seed: 7 })).report.bytes;
    const whole = (await check({ readData: 100 })).report.bytes;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(whole);
    expect((await check({ readData: 50, seed: 7 })).report.bytes).toBe(half);
    await expectClean();
  });

  it('names who uses bytes that are gone; marks them; the next upload of the same heals', async () => {
    const { id, content, object } = await upload();
    const dataset = await api.create({ name: 'Lost' });
    await api.commit(dataset.id, [put('x', (await upload()).id), put('deep/lost.csv', id)]);
    await rm(object);
    const found = await finds('object-missing');
    expect(found).toMatchObject({ fileId: id, references: 2, outcome: 'reported' });
    expect(found.uses).toEqual([
      expect.stringMatching(/^hold of /),
      `dataset ${dataset.id}, from version 1 on: deep/lost.csv`,
    ]);
    expect(await outcomes()).toEqual(['marked']);
    // What is lost stays a finding until somebody has it.
    expect(await outcomes()).toEqual(['marked']);
    await upload(content);
    await quiesce(app.database, () => app.app.get(GarbageCollector, { strict: false }).collect());
    await expectClean();
  });

  it('names the version whose overlay document is gone', async () => {
    const dataset = await api.create({ name: 'No overlay' });
    const version = await api.commit(dataset.id, [put('x', (await upload()).id)]);
    const object = await objectOf(inspected(), version.overlayFileId);
    const bytes = await backend().readFile(object.slice(root().length + 1));
    await rm(object);
    const { uses } = await finds('object-missing');
    expect(uses).toEqual([`dataset ${dataset.id}, version 1: its overlay document`]);
    await writeFile(object, bytes);
    await expectClean();
  });

  it('marks bytes of another size, and heals by an upload', async () => {
    const { content, object } = await upload();
    await truncate(object, 999);
    await finds('object-wrong-size');
    expect(await outcomes()).toEqual(['marked']);
    await upload(content);
    await quiesce(app.database, () => app.app.get(GarbageCollector, { strict: false }).collect());
    await expectClean();
  });

  it('finds a flipped bit only where it reads; takes the mark away when the bytes are right again', async () => {
    const { object } = await upload();
    await flipBit(object, 500);
    expect((await check()).findings).toEqual([]);
    await finds('object-corrupt', { readData: 100 });
    expect(await outcomes({ readData: 100 })).toEqual(['marked']);
    // Marked bytes are read whatever the share is.
    await finds('object-corrupt');
    await flipBit(object, 500);
    await finds('mark-outdated');
    expect(await outcomes()).toEqual(['healed']);
    await expectClean();
  });

  it('writes CRCs that do not fit bytes that are right', async () => {
    const { id } = await upload();
    await app.database.query(`UPDATE files SET block_crcs = '\\x00000000' WHERE id = $1`, [id]);
    await finds('crcs-wrong', { readData: 100 });
    expect(await outcomes({ readData: 100 })).toEqual(['healed']);
    const range = await app.fetch(`/v1/files/${id}/content`, { headers: { Range: 'bytes=0-9' } });
    expect([range.status, (await range.arrayBuffer()).byteLength]).toEqual([206, 10]);
    await expectClean();
  });

  it('goes on past an object that the store fails on, and gives up when it fails on all', async () => {
    const { id, object } = await upload();
    const key = object.slice(root().length + 1);
    const failing = (path: string) =>
      path === key ? Promise.reject(new Error('EIO')) : backend().getFileInfo(path);
    const { StorageUnavailableError } = await import('../../src/core/errors/index.js');
    const getFileInfo = (path: string) =>
      failing(path).catch((error: unknown) => {
        throw new StorageUnavailableError('getFileInfo', error);
      });
    const { findings } = await check({ repair: true }, { getFileInfo });
    expect(findings).toEqual([
      expect.objectContaining({ kind: 'object-unreadable', fileId: id, outcome: 'reported' }),
    ]);
    const away = () => Promise.reject(new StorageUnavailableError('getFileInfo'));
    await expect(check({ repair: true }, { getFileInfo: away })).rejects.toThrow(
      StorageUnavailableError,
    );
    await expectClean();
  });

  it.each([
    ['too high', 5],
    ['zero', 0],
  ])('counts again when a count is %s', async (_, count) => {
    const { id } = await upload();
    await app.database.query(
      `UPDATE files SET reference_count = $2::int, zero_since = CASE WHEN $2::int = 0 THEN now() END
       WHERE id = $1`,
      [id, count],
    );
    const before = await state();
    const { findings } = await check();
    expect(findings).toEqual([
      expect.objectContaining({
        kind: 'count-wrong',
        fileId: id,
        message: `It counts ${count} references and has 1.`,
      }),
    ]);
    expect(await state()).toEqual(before);
    expect(await outcomes()).toEqual(['healed']);
    await expectClean();
  });

  it('mends a zero_since that the count contradicts', async () => {
    const { id } = await upload();
    await app.database.query('ALTER TABLE files DROP CONSTRAINT files_zero_since_check');
    await app.database.query('UPDATE files SET zero_since = now() WHERE id = $1', [id]);
    await finds('zero-since-wrong');
    expect(await outcomes()).toEqual(['healed']);
    await app.database.query(
      'ALTER TABLE files ADD CONSTRAINT files_zero_since_check CHECK ((reference_count = 0) = (zero_since IS NOT NULL))',
    );
    await expectClean();
  });

  it('tells of references on files that do not exist', async () => {
    await app.database.query(
      'ALTER TABLE file_references DROP CONSTRAINT file_references_file_id_fkey',
    );
    await app.database.query(
      `INSERT INTO file_references (file_id, owner_type, owner_id, file_type)
       VALUES (1000000, 'hold', 'somebody', 'csv')`,
    );
    await finds('reference-dangling');
    expect(await outcomes()).toEqual(['reported']);
    await app.database.query('DELETE FROM file_references WHERE file_id = 1000000');
    await app.database.query(
      `ALTER TABLE file_references ADD CONSTRAINT file_references_file_id_fkey
       FOREIGN KEY (file_id) REFERENCES files (id) ON DELETE RESTRICT`,
    );
    await expectClean();
  });

  it.each(['components', 'dataset_versions'])(
    'tells of %s without the reference that they name',
    async (table) => {
      const dataset = await api.create({ name: 'Unheld' });
      await api.commit(dataset.id, [put('x', (await upload()).id)]);
      const column = table === 'components' ? 'reference_id' : 'overlay_reference_id';
      const [, away] = [`${column} = ${column} + 1000000`, `${column} = ${column} - 1000000`];
      await app.database.query(
        `UPDATE ${table} SET ${column} = ${column} + 1000000 WHERE dataset_id = $1`,
        [dataset.id],
      );
      const { message } = await finds('use-unheld');
      expect(message).toContain(dataset.id);
      expect(await outcomes()).toEqual(['reported']);
      await app.database.query(`UPDATE ${table} SET ${away} WHERE dataset_id = $1`, [dataset.id]);
      await expectClean();
    },
  );

  it('hands old orphans to the collector, which removes them; keeps young ones and strangers', async () => {
    const orphan = async (name: string, age: number): Promise<string> => {
      const file = join(root(), name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, 'orphan');
      await utimes(file, new Date(Date.now() - age), new Date(Date.now() - age));
      return name;
    };
    const old = await orphan(`blobs/ab/${randomUUID()}`, 2 * DAY_MS);
    const young = await orphan(`blobs/ab/${randomUUID()}`, DAY_MS / 2);
    const ageless = await orphan(`blobs/ab/${randomUUID()}`, Date.now());
    const strange = await orphan('lost/notes.txt', 2 * DAY_MS);
    const own = await orphan('gc/marks/2026', 2 * DAY_MS);
    const before = await state();
    expect((await check()).report.byKind).toEqual({ 'object-orphaned': 3, 'object-strange': 1 });
    expect(await state()).toEqual(before);
    const { findings } = await check({ repair: true });
    const found = Object.fromEntries(findings.map((one) => [one.storageKey, one.outcome]));
    expect(found).toEqual({
      [old]: 'handed-over',
      [young]: 'kept',
      [ageless]: 'kept',
      [strange]: 'reported',
    });
    // Twice hands it over once.
    expect(await outcomes()).not.toContain('handed-over');
    await app.app.get(GarbageCollector, { strict: false }).collect();
    expect(await backend().exists(old)).toBe(false);
    for (const kept of [young, ageless, strange, own]) await rm(join(root(), kept));
    await expectClean();
  });

  it('takes more orphans than a share of the files for the store of another database', async () => {
    const [{ count } = { count: 0 }] = await app.database.query<{ count: number }>(
      'SELECT count(*)::int FROM files',
    );
    const most = Math.max(20, Math.ceil(count * 0.05));
    const names = Array.from({ length: most + 5 }, () => `blobs/cd/${randomUUID()}`);
    await mkdir(join(root(), 'blobs/cd'), { recursive: true });
    for (const name of names) {
      await writeFile(join(root(), name), '');
      await utimes(join(root(), name), new Date(0), new Date(Date.now() - 2 * DAY_MS));
    }
    const found = await outcomes();
    expect(found.filter((outcome) => outcome === 'handed-over')).toHaveLength(most);
    expect(found.filter((outcome) => outcome === 'kept')).toHaveLength(5);
    await app.app.get(GarbageCollector, { strict: false }).collect();
    for (const name of names) await rm(join(root(), name), { force: true });
    await expectClean();
  });

  it('hands what was staged and forgotten to the collector, a day later', async () => {
    const key = `blobs/ef/${randomUUID()}`;
    await (await backend().openStaged(key)).write(Buffer.from('begun'));
    await finds('staged-orphaned');
    expect(await outcomes()).toEqual(['handed-over']);
    const [intent] = await app.database.query(
      `SELECT kind, not_before > now() + interval '23 hours' AS later FROM storage_intents`,
    );
    expect(intent).toEqual({ kind: 'delete', later: true });
    await quiesce(app.database, () => app.app.get(GarbageCollector, { strict: false }).collect());
    await expectClean();
  });

  it('leaves a running upload alone: it is named by its intent', async () => {
    const key = `blobs/ef/${randomUUID()}`;
    await (await backend().openStaged(key)).write(Buffer.from('begun'));
    await app.database.query(
      `INSERT INTO storage_intents (id, kind, backend, storage_key, lease_until)
       VALUES ($1, 'write', 'local', $2, now() + interval '1 minute')`,
      [randomUUID(), key],
    );
    expect(await outcomes()).toEqual([]);
    await quiesce(app.database, () => app.app.get(GarbageCollector, { strict: false }).collect());
    await expectClean();
  });

  it.each(['write', 'delete'])(
    'removes a %s intent that would cost a file its bytes',
    async (kind) => {
      const { id } = await upload();
      await app.database.query(
        `INSERT INTO storage_intents (id, kind, backend, storage_key, lease_until)
         SELECT gen_random_uuid(), $2::varchar, 'local', storage_key,
           CASE WHEN $2::varchar = 'write' THEN now() - interval '2 days' END FROM files WHERE id = $1`,
        [id, kind],
      );
      await finds('intent-conflicting');
      expect(await outcomes()).toEqual(['healed']);
      await expectClean();
      await app.app.get(GarbageCollector, { strict: false }).collect();
      await expectClean();
    },
  );

  it('tells of uploads and removals that no collector comes for', async () => {
    await app.database.query(
      `INSERT INTO storage_intents (id, kind, backend, storage_key, lease_until, not_before, last_error)
       VALUES (gen_random_uuid(), 'write', 'local', 'blobs/00/dead', now() - interval '2 days', now(), NULL),
              (gen_random_uuid(), 'delete', 'local', 'blobs/00/due', NULL, now() - interval '2 days', 'EACCES'),
              (gen_random_uuid(), 'delete', 'local', 'blobs/00/later', NULL, now(), NULL)`,
    );
    const { findings, report } = await check({ repair: true });
    expect(report.byKind).toEqual({ 'intent-dead': 1, 'delete-overdue': 1 });
    expect(findings.map(({ outcome }) => outcome)).toEqual(['reported', 'reported']);
    await quiesce(app.database, () => app.app.get(GarbageCollector, { strict: false }).collect());
    await expectClean();
  });

  it('tells of files on another backend, and does not take their bytes for lost', async () => {
    const { id } = await upload();
    await app.database.query(`UPDATE files SET backend = 's3' WHERE id = $1`, [id]);
    await finds('backend-other');
    expect(await outcomes()).toEqual(['reported']);
    await app.database.query(`UPDATE files SET backend = 'local' WHERE id = $1`, [id]);
    await expectClean();
  });

  it('repairs nothing that is right by the time that it looks again', async () => {
    const { id, content, object } = await upload();
    await rm(object);
    // Healed between the look at the row and the look at the object.
    let isHealed = false;
    const getFileInfo = async (path: string) => {
      const info = backend().getFileInfo(path);
      if (!isHealed && object.endsWith(path)) {
        isHealed = true;
        await info.catch(() => undefined);
        await upload(content);
      }
      return await info;
    };
    expect((await check({ repair: true }, { getFileInfo })).findings).toEqual([]);
    expect(isHealed).toBe(true);
    const [row] = await app.database.query('SELECT health FROM files WHERE id = $1', [id]);
    expect(row).toEqual({ health: 'ok' });
    await quiesce(app.database, () => app.app.get(GarbageCollector, { strict: false }).collect());
    await expectClean();
  });

  it('finds nothing, and breaks nothing, beside uploads, deletes and a collector', async () => {
    let isOver = false;
    const contents = Array.from({ length: 5 }, (_, n) => `shared ${n}`);
    const load = async (): Promise<void> => {
      for (let n = 0; !isOver; n += 1) {
        const id = await api.upload(contents[n % contents.length]!);
        await app.fetch(`/v1/files/${id}`, { method: 'DELETE' });
      }
    };
    const collect = async (): Promise<void> => {
      while (!isOver) await app.app.get(GarbageCollector, { strict: false }).collect();
    };
    const running = [load(), load(), load(), collect()];
    for (let turn = 0; turn < 4; turn += 1) {
      expect((await check({ readData: 100, repair: true })).findings).toEqual([]);
    }
    isOver = true;
    await Promise.all(running);
    await quiesce(app.database, () => app.app.get(GarbageCollector, { strict: false }).collect());
    await expectClean();
  });
});
