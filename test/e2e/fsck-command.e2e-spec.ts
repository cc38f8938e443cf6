import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { askOwner } from '../../src/core/database/embedded/control-socket.js';
import { shareEmbeddedPostgres } from '../../src/core/database/embedded/index.js';
import { datasetsApi, move, put, remove } from '../support/datasets.js';
import { startService, type Service } from '../support/service.js';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli');

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(
  command: string,
  env: Record<string, string>,
  ...args: string[]
): Promise<Ended> {
  const ended = promisify(execFile)(process.execPath, [join(CLI, `${command}.js`), ...args], {
    env: { PATH: process.env['PATH'], STORAGE_RESERVE_BYTES: '0', ...env },
  });
  return await ended.then(
    (output) => ({ code: 0, ...output }),
    (error: Ended) => error,
  );
}

const linesOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

async function query(
  address: pg.ClientConfig,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, string> | undefined> {
  const client = new pg.Client(address);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows[0];
  } finally {
    await client.end();
  }
}

let dataDir: string;
let service: Service;
let settings: Record<string, string>;
/** The object of the content that is going to be damaged. */
let victim: string;
let datasetId: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'stratum-fsck-'));
  settings = { STRATUM_DATA_DIR: dataDir, DATABASE_URL: '' };
  service = await startService(settings);
  const datasets = datasetsApi(service);
  const [a, b] = [await datasets.upload('content a'), await datasets.upload('content b, longer')];
  datasetId = (await datasets.create({ name: 'Checked' })).id;
  await datasets.commit(datasetId, [put('folder/a.csv', a), put('b.csv', b)]);
  await datasets.commit(datasetId, [move('b.csv', 'c.csv'), remove('folder/a.csv')]);
  const blobs = join(dataDir, 'storage', 'blobs');
  for (const entry of await readdir(blobs, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    if (entry.isFile() && size === 'content b, longer'.length) victim = path;
  }
});
afterAll(async () => {
  await service.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

describe('npm run fsck', () => {
  it('looks beside a running service, and on a stopped one, whose embedded database it starts', async () => {
    const beside = await run('fsck', settings, '--json', '--read-data');
    expect(beside).toMatchObject({ code: 0 });
    expect(linesOf(beside.stdout)).toEqual([
      expect.objectContaining({ ok: true, files: 4, objects: 4, readData: 100, left: 0 }),
    ]);
    expect(await service.kill('SIGTERM')).toBe(0);
    await truncate(victim, 3);
    const stopped = await run('fsck', settings, '--read-data=50', '--repair');
    expect(stopped).toMatchObject({ code: 1 });
    expect(stopped.stdout).toMatch(
      /^object-wrong-size file 2 \(sha256:[0-9a-f]{64}\): .*\[marked\]$/m,
    );
    expect(stopped.stdout).toContain(`    used by dataset ${datasetId}, from version 1 on: b.csv`);
    expect(stopped.stdout).toMatch(/^50 % of the files were read; --seed \d+$/m);
    expect(stopped.stdout).toMatch(/^Found: 1 object-wrong-size\. Left: 1\.$/m);
  });

  it('tells what the bytes alone can give back, without a database', async () => {
    const lost = { ...settings, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    const folders = ['.', '.staging', 'blobs'].map((name) => join(dataDir, 'storage', name));
    const times = () => Promise.all(folders.map(async (folder) => (await stat(folder)).mtimeMs));
    const before = await times();
    const { code, stdout } = await run('rebuild', lost, '--json');
    expect(code).toBe(1);
    // It writes nothing, so that it can look at a store that is mounted to be read only.
    expect(await times()).toEqual(before);
    const lines = linesOf(stdout);
    const [first, second, ...others] = lines;
    expect(first).toMatchObject({
      kind: 'overlay',
      files: [
        { path: 'b.csv', object: null, size: 17 },
        { path: 'folder/a.csv', object: expect.stringMatching(/^blobs\//), size: 9 },
      ],
      missing: 1,
    });
    expect(second).toMatchObject({
      kind: 'overlay',
      deleted: ['folder/a.csv'],
      moved: [{ from: 'b.csv', path: 'c.csv' }],
      missing: 0,
    });
    expect(others).toMatchObject([
      { kind: 'object', size: 3 },
      { kind: 'sum', objects: 4, overlays: 2, others: 1, missing: 1, unreadable: [] },
    ]);
  });

  it('ends with 2 where it cannot look', async () => {
    const empty = await run('fsck', { STRATUM_DATA_DIR: join(dataDir, 'absent') });
    expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('has no database') });
    const memory = await run('fsck', { ...settings, STORAGE_BACKEND: 'memory' }, '--repair');
    expect(memory).toMatchObject({ code: 2, stderr: expect.stringContaining('memory') });
    const nothing = await run('rebuild', { STRATUM_DATA_DIR: tmpdir() });
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('no object') });
  });

  it('gives the database over to a service that starts, and goes on beside it', async () => {
    // So large that it is read until it is cut; nothing of it takes space.
    const size = 8 * 1024 ** 4;
    const postgres = await shareEmbeddedPostgres({ dataDir, log: () => undefined });
    const row = await query(
      postgres.connection,
      'UPDATE files SET size_bytes = $1 WHERE id = 1 RETURNING storage_key',
      [size],
    );
    await postgres.stop();
    const object = join(dataDir, 'storage', row!['storage_key']!);
    await truncate(object, size);
    const checked = run('fsck', settings, '--read-data', '--repair', '--json');
    while ((await askOwner(dataDir))?.state !== 'ready');
    service = await startService(settings);
    expect(service.output()).toMatch(/Process \d+, a command, hands the database over/);
    await truncate(object, 0);
    const { code, stdout, stderr } = await checked;
    expect(stderr).toContain('goes on beside it');
    expect(code).toBe(1);
    expect(linesOf(stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'object-wrong-size', fileId: 1, outcome: 'marked' }),
        expect.objectContaining({ ok: false, files: 4, objects: 4 }),
      ]),
    );
    const address = { host: join(dataDir, 'postgres'), user: 'stratum', database: 'stratum' };
    expect(await query(address, 'SELECT health FROM files WHERE id = 1')).toEqual({
      health: 'corrupt',
    });
  });
});
