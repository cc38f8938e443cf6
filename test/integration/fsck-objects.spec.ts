import { randomUUID } from 'node:crypto';
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newToken, pathOf } from '../../src/storage/gc/marks.js';
import { createFsckLab, type FsckLab } from '../support/fsck-lab.js';

const DAY_MS = 86_400_000;

let lab: FsckLab;
beforeAll(async () => {
  lab = await createFsckLab();
});
afterAll(() => lab.app.stop());

describe('fsck of objects and intents', () => {
  it('takes objects without a single file for the store of another database', async () => {
    const stray = join(lab.root, 'blobs/ab', randomUUID());
    await mkdir(dirname(stray), { recursive: true });
    await writeFile(stray, 'of another');
    await utimes(stray, new Date(0), new Date(Date.now() - 2 * DAY_MS));
    expect(await lab.outcomes()).toEqual(['kept']);
    await rm(stray);
    await lab.upload();
    await lab.expectClean();
  });

  it('hands old orphans to the collector, which removes them; keeps young ones and strangers', async () => {
    const orphan = async (name: string, age: number): Promise<string> => {
      const file = join(lab.root, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, 'orphan');
      await utimes(file, new Date(Date.now() - age), new Date(Date.now() - age));
      return name;
    };
    const old = await orphan(`blobs/ab/${randomUUID()}`, 2 * DAY_MS);
    const young = await orphan(`blobs/ab/${randomUUID()}`, DAY_MS / 2);
    const ageless = await orphan(`blobs/ab/${randomUUID()}`, Date.now());
    const strange = await orphan('lost/notes.txt', 2 * DAY_MS);
    const before = await lab.state();
    expect((await lab.check()).report.byKind).toEqual({
      'object-orphaned': 3,
      'object-strange': 1,
    });
    expect(await lab.state()).toEqual(before);
    const { findings } = await lab.check({ repair: true });
    const found = Object.fromEntries(findings.map((one) => [one.storageKey, one.outcome]));
    expect(found).toEqual({
      [old]: 'handed-over',
      [young]: 'kept',
      [ageless]: 'kept',
      [strange]: 'reported',
    });
    // Twice hands it over once.
    expect(await lab.outcomes()).not.toContain('handed-over');
    await lab.collector.collect();
    expect(await lab.backend.exists(old)).toBe(false);
    for (const kept of [young, ageless, strange]) await rm(join(lab.root, kept));
    await lab.expectClean();
  });

  it('takes more orphans than a share of the files for the store of another database', async () => {
    const [{ count } = { count: 0 }] = await lab.app.database.query<{ count: number }>(
      'SELECT count(*)::int FROM files',
    );
    const most = Math.max(20, Math.ceil(count * 0.05));
    const names = Array.from({ length: most + 5 }, () => `blobs/cd/${randomUUID()}`);
    await mkdir(join(lab.root, 'blobs/cd'), { recursive: true });
    for (const name of names) {
      await writeFile(join(lab.root, name), '');
      await utimes(join(lab.root, name), new Date(0), new Date(Date.now() - 2 * DAY_MS));
    }
    const found = await lab.outcomes();
    expect(found.filter((outcome) => outcome === 'handed-over')).toHaveLength(most);
    expect(found.filter((outcome) => outcome === 'kept')).toHaveLength(5);
    await lab.collector.collect();
    for (const name of names) await rm(join(lab.root, name), { force: true });
    await lab.expectClean();
  });

  it('hands what was staged and forgotten to the collector, a day later', async () => {
    const key = `blobs/ef/${randomUUID()}`;
    await (await lab.backend.openStaged(key)).write(Buffer.from('begun'));
    await lab.finds('staged-orphaned');
    expect(await lab.outcomes()).toEqual(['handed-over']);
    const [intent] = await lab.app.database.query(
      `SELECT kind, not_before > now() + interval '23 hours' AS later FROM storage_intents`,
    );
    expect(intent).toEqual({ kind: 'delete', later: true });
    await lab.settle();
    await lab.expectClean();
  });

  it('leaves the mark that the collector writes alone, and tells of one of another database', async () => {
    await lab.collector.collect();
    const [state] = await lab.app.database.query<{ mark: string }>('SELECT mark FROM gc_state');
    const stage = async (number: number): Promise<string> => {
      const path = pathOf({ number, token: newToken() });
      await (await lab.backend.openStaged(path)).write(Buffer.from('begun'));
      return path;
    };
    await stage(Number(state?.mark));
    const others = await stage(1_000_000);
    const found = await lab.finds('staged-orphaned');
    expect(found.storageKey).toBe(others);
    expect(await lab.outcomes()).toEqual(['kept']);
    await lab.collector.collect({ acceptRestore: true });
    expect(await Array.fromAsync(lab.backend.listStaged())).toEqual([]);
    await lab.expectClean();
  });

  it('comes to its end over whatever lies in the store, and touches nothing of it', async () => {
    const { object } = await lab.upload();
    const id = randomUUID();
    const [blobs, staging] = [dirname(object), join(lab.root, '.staging')];
    const long = 'x'.repeat(220);
    const planted = [
      ...[`${long}`, 'hello world', '✗', '.forgotten', `blobs~ab~${'y'.repeat(210)}`].map((name) =>
        join(staging, name),
      ),
      ...[long, 'hello world', '.forgotten'].map((name) => join(blobs, name)),
      join(lab.root, 'gc/marks/2026'),
      join(lab.root, long),
    ];
    await mkdir(join(lab.root, 'gc/marks'), { recursive: true });
    for (const file of planted) {
      await writeFile(file, 'x');
      await utimes(file, new Date(0), new Date(Date.now() - 2 * DAY_MS));
    }
    await writeFile(join(blobs, '.rsync-is-at-work'), 'x');
    const links = [join(blobs, randomUUID()), join(blobs, 'loop'), join(staging, 'link')];
    for (const link of links) await symlink(blobs, link);
    const folders = [join(staging, 'folder'), join(staging, `blobs~ab~${id}`), join(blobs, '.in')];
    for (const folder of folders) await mkdir(folder);

    const paths = [...planted, ...links, ...folders].map((path) => relative(lab.root, path));
    // What is staged is named as it would be stored.
    const asListed = (path: string): string =>
      /^\.staging\/[^.]/.test(path) && planted.includes(join(lab.root, path))
        ? path.slice('.staging/'.length).replaceAll('~', '/')
        : path;
    for (const repair of [false, true]) {
      const before = await lab.state();
      const { findings } = await lab.check({ repair });
      expect(new Set(findings.map((one) => one.storageKey))).toEqual(new Set(paths.map(asListed)));
      for (const one of findings) {
        expect(one).toMatchObject({ kind: 'object-strange', outcome: 'reported' });
      }
      expect(await lab.state()).toEqual(before);
    }
    for (const path of [...planted, ...links, ...folders, join(blobs, '.rsync-is-at-work')]) {
      await rm(path, { recursive: true });
    }
    await lab.expectClean();
  });

  it('tells of a staged copy beside a living file, and not of one that becomes a file meanwhile', async () => {
    const { object } = await lab.upload();
    const key = relative(lab.root, object);
    const staged = join(lab.root, '.staging', key.replaceAll('/', '~'));
    await writeFile(staged, 'a copy');
    const found = await lab.finds('staged-orphaned');
    expect(found).toMatchObject({ storageKey: key, outcome: 'kept' });
    expect(await lab.outcomes()).toEqual(['kept']);
    const looks: string[] = [];
    const listStaged = async function* (): AsyncIterable<string> {
      looks.push(key);
      if (looks.length === 1) yield key;
    };
    expect((await lab.check({ repair: true }, { listStaged })).findings).toEqual([]);
    expect(looks).toHaveLength(2);
    await rm(staged);
    await lab.expectClean();
  });

  it('leaves a running upload alone: it is named by its intent', async () => {
    const key = `blobs/ef/${randomUUID()}`;
    await (await lab.backend.openStaged(key)).write(Buffer.from('begun'));
    await lab.app.database.query(
      `INSERT INTO storage_intents (id, kind, backend, storage_key, lease_until)
       VALUES ($1, 'write', 'local', $2, now() + interval '1 minute')`,
      [randomUUID(), key],
    );
    expect(await lab.outcomes()).toEqual([]);
    await lab.settle();
    await lab.expectClean();
  });

  it.each(['write', 'delete'])(
    'removes a %s intent that would cost a file its bytes',
    async (kind) => {
      const { id } = await lab.upload();
      await lab.app.database.query(
        `INSERT INTO storage_intents (id, kind, backend, storage_key, lease_until)
         SELECT gen_random_uuid(), $2::varchar, 'local', storage_key,
           CASE WHEN $2::varchar = 'write' THEN now() - interval '2 days' END FROM files WHERE id = $1`,
        [id, kind],
      );
      await lab.finds('intent-conflicting');
      expect(await lab.outcomes()).toEqual(['healed']);
      await lab.expectClean();
      await lab.collector.collect();
      await lab.expectClean();
    },
  );

  it('tells of uploads and removals that no collector comes for', async () => {
    await lab.app.database.query(
      `INSERT INTO storage_intents (id, kind, backend, storage_key, lease_until, not_before, last_error)
       VALUES (gen_random_uuid(), 'write', 'local', 'blobs/00/dead', now() - interval '2 days', now(), NULL),
              (gen_random_uuid(), 'delete', 'local', 'blobs/00/due', NULL, now() - interval '2 days', 'EACCES'),
              (gen_random_uuid(), 'delete', 'local', 'blobs/00/later', NULL, now(), NULL)`,
    );
    const { findings, report } = await lab.check({ repair: true });
    expect(report.byKind).toEqual({ 'intent-dead': 1, 'delete-overdue': 1 });
    expect(findings.map(({ outcome }) => outcome)).toEqual(['reported', 'reported']);
    await lab.settle();
    await lab.expectClean();
  });

  it('tells of files on another backend, and does not take their bytes for lost', async () => {
    const { id } = await lab.upload();
    await lab.app.database.query(`UPDATE files SET backend = 's3' WHERE id = $1`, [id]);
    await lab.finds('backend-other');
    expect(await lab.outcomes()).toEqual(['reported']);
    await lab.app.database.query(`UPDATE files SET backend = 'local' WHERE id = $1`, [id]);
    await lab.expectClean();
  });

  it('repairs nothing that is right by the time that it looks again', async () => {
    const { id, content, object } = await lab.upload();
    await rm(object);
    // Healed between the look at the row and the look at the object.
    let isHealed = false;
    const getFileInfo = async (path: string) => {
      const info = lab.backend.getFileInfo(path);
      if (!isHealed && object.endsWith(path)) {
        isHealed = true;
        await info.catch(() => undefined);
        await lab.upload(content);
      }
      return await info;
    };
    expect((await lab.check({ repair: true }, { getFileInfo })).findings).toEqual([]);
    expect(isHealed).toBe(true);
    const [row] = await lab.app.database.query('SELECT health FROM files WHERE id = $1', [id]);
    expect(row).toEqual({ health: 'ok' });
    await lab.settle();
    await lab.expectClean();
  });

  it('finds nothing, and breaks nothing, beside uploads, deletes and a collector', async () => {
    let isOver = false;
    const contents = Array.from({ length: 5 }, (_, n) => `shared ${n}`);
    const load = async (): Promise<void> => {
      for (let n = 0; !isOver; n += 1) {
        const id = await lab.api.upload(contents[n % contents.length]!);
        await lab.app.fetch(`/v1/files/${id}`, { method: 'DELETE' });
      }
    };
    const collect = async (): Promise<void> => {
      while (!isOver) await lab.collector.collect();
    };
    const running = [load(), load(), load(), collect()];
    for (let turn = 0; turn < 4; turn += 1) {
      expect((await lab.check({ readData: 100, repair: turn % 2 > 0 })).findings).toEqual([]);
    }
    isOver = true;
    await Promise.all(running);
    await lab.settle();
    await lab.expectClean();
  });
});
