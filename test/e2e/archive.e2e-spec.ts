import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open, readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, move, put, remove } from '../support/datasets.js';
import { sha256 } from '../support/digests.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';
import { unzip } from '../support/zip.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

interface Manifest {
  files: { path: string; size: number; contentHash: string }[];
  [field: string]: unknown;
}

const archive = (dataset: string, ref: string | number, query = '', init = {}) =>
  app.fetch(`/v1/datasets/${dataset}/versions/${ref}/archive${query}`, init);

/** The files of an archive by path, and the manifest, which must be the last entry. */
async function download(dataset: string, ref: string | number, query = '') {
  const response = await archive(dataset, ref, query);
  expect(response.status).toBe(200);
  const entries = await unzip(Buffer.from(await response.arrayBuffer()));
  const { name, content } = entries.pop()!;
  // By digest: to compare megabytes byte by byte takes the test framework minutes.
  const files = new Map(entries.map((entry) => [entry.name, sha256(entry.content)]));
  expect(files.size).toBe(entries.length);
  return { files, manifestName: name, manifest: JSON.parse(content.toString()) as Manifest };
}

async function objectOf(fileId: number): Promise<string> {
  const [row] = await app.database.query<{ storage_key: string }>(
    'SELECT storage_key FROM files WHERE id = $1',
    [fileId],
  );
  return join(app.env.STRATUM_DATA_DIR, 'storage', row!.storage_key);
}

/** Files of this size at 0, 1, 2, …: their ids, in that order. */
async function storedAs(dataset: string, contents: Buffer[]): Promise<number[]> {
  const ids = await Promise.all(contents.map((content) => api.upload(content)));
  await api.commit(
    dataset,
    ids.map((id, n) => put(`${n}`, id)),
  );
  return ids;
}

describe('GET /v1/datasets/{id}/versions/{ref}/archive', () => {
  it('holds every file of the version byte for byte, and a manifest of them', async () => {
    const { id } = await api.create({ name: 'Archived things' });
    const contents = new Map<string, Buffer>([
      ['a.csv', Buffer.from('a,b\n1,2\n')],
      ['deep/er/empty', Buffer.alloc(0)],
      ['deep/random.bin', randomBytes(3_000_000)],
      ['deep/same.bin', Buffer.from('a,b\n1,2\n')],
      ['ü/été "🎈".csv', Buffer.from('é')],
    ]);
    const changes: object[] = [];
    for (const [path, content] of contents) changes.push(put(path, await api.upload(content)));
    const first = await api.commit(id, changes);
    await api.commit(id, [remove('a.csv'), move('deep/same.bin', 'moved.bin')]);

    const { files, manifestName, manifest } = await download(id, 1);
    expect(files).toEqual(new Map([...contents].map(([path, c]) => [path, sha256(c)])));
    expect(manifestName).toBe('manifest.json');
    expect(manifest).toEqual({
      datasetId: id,
      versionId: first.id,
      versionNumber: 1,
      createdAt: first['createdAt'],
      prefix: '',
      files: [...contents].map(([path, content]) => ({
        path,
        size: content.length,
        contentHash: `sha256:${sha256(content)}`,
        fileType: 'csv',
        mimeType: 'text/csv',
      })),
      fileCount: 5,
      totalBytes: 3_000_018,
    });
    const second = await download(id, 'latest');
    expect([...second.files.keys()]).toEqual([
      'deep/er/empty',
      'deep/random.bin',
      'moved.bin',
      'ü/été "🎈".csv',
    ]);
    const folder = await download(id, 1, '?prefix=deep/');
    expect([...folder.files.keys()]).toEqual(['deep/er/empty', 'deep/random.bin', 'deep/same.bin']);
    expect(folder.manifest).toMatchObject({ prefix: 'deep/', fileCount: 3 });
    expect((await download(id, 1, '?prefix=nothing')).manifest).toMatchObject({ files: [] });
  });

  it('is the same bytes each time, under a strong ETag', async () => {
    const fileId = await api.upload('again');
    const { id, slug } = await api.create({ name: 'Again', files: [{ path: 'a', fileId }] });
    const response = await archive(slug, 1);
    const version = await app.json<{ id: string }>(200, `/v1/datasets/${id}/versions/1`);
    const etag = `"${version.id}-zip"`;
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename=again-v1.zip',
      'accept-ranges': 'none',
      etag,
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(Buffer.from(await (await archive(id, 'main')).arrayBuffer()))).toBe(true);

    const known = await archive(id, 1, '', { headers: { 'If-None-Match': etag } });
    expect([known.status, await known.text()]).toEqual([304, '']);
    const other = await archive(id, 1, '', { headers: { 'If-None-Match': '"other"' } });
    expect(other.status).toBe(200);
    await other.arrayBuffer();
    const head = await archive(id, 1, '', { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
    // A range is not served: the whole comes.
    const range = await archive(id, 1, '', { headers: { Range: 'bytes=0-9' } });
    expect(range.status).toBe(200);
    expect(Buffer.from(await range.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('may be kept by its version, and is asked for again by a branch', async () => {
    const fileId = await api.upload('kept');
    const { id } = await api.create({ name: 'Kept', files: [{ path: 'a', fileId }] });
    const version = await app.json<{ id: string }>(200, `/v1/datasets/${id}/versions/1`);
    for (const ref of ['1', version.id]) {
      const head = await archive(id, ref, '', { method: 'HEAD' });
      expect(head.headers.get('cache-control')).toMatch(/^private, .*immutable$/);
    }
    for (const ref of ['main', 'latest']) {
      const head = await archive(id, ref, '', { method: 'HEAD' });
      expect(head.headers.get('cache-control')).toBe('private, no-cache');
    }
  });

  it('gives way to a manifest.json of the version', async () => {
    const fileId = await api.upload('mine');
    for (const path of ['manifest.json', 'manifest.json/inside']) {
      const { id } = await api.create({ name: 'Manifest', files: [{ path, fileId }] });
      const version = await app.json<{ id: string }>(200, `/v1/datasets/${id}/versions/1`);
      const { files, manifestName } = await download(id, 1);
      expect(files).toEqual(new Map([[path, sha256('mine')]]));
      expect(manifestName).toBe(`manifest-${version.id}.json`);
    }
  });

  it('of a version without files holds the manifest alone', async () => {
    const fileId = await api.upload('gone');
    const { id } = await api.create({ name: 'Empty', files: [{ path: 'a', fileId }] });
    await api.commit(id, [remove('a')]);
    const { files, manifest } = await download(id, 2);
    expect(files.size).toBe(0);
    expect(manifest).toMatchObject({ files: [], fileCount: 0, totalBytes: 0 });
  });

  it('holds thousands of files, more than a page lists', async () => {
    const contents = Array.from({ length: 20 }, (_, n) => `content ${n}`);
    const ids = await Promise.all(contents.map((content) => api.upload(content)));
    const { id } = await api.create({ name: 'Thousands' });
    const places = Array.from({ length: 3000 }, (_, n) => ({ path: `d${n % 7}/${n}`, n: n % 20 }));
    await api.commit(
      id,
      places.map(({ path, n }) => put(path, ids[n] as number)),
    );
    const expected = new Map(places.map(({ path, n }) => [path, sha256(contents[n] as string)]));
    const { files, manifest } = await download(id, 1);
    expect(files).toEqual(expected);
    const listed = manifest.files.map(({ path, contentHash }) => [path, contentHash.slice(7)]);
    expect(new Map(listed as [string, string][])).toEqual(expected);
    expect(listed).toHaveLength(3000);
  });

  it('is refused for what is not there', async () => {
    const { id } = await api.create({ name: 'Absent' });
    await expectProblem(await archive(id, 'latest'), 404, 'version-not-found');
    await expectProblem(await archive('nowhere', 1), 404, 'dataset-not-found');
    const fileId = await api.upload('bad query');
    await api.commit(id, [put('a', fileId)]);
    for (const query of ['?prefix=%00', '?limit=1', '?prefix=a&prefix=b']) {
      await expectProblem(await archive(id, 1, query), 400, 'validation-failed');
    }
  });
});

describe('An archive whose bytes are damaged', () => {
  const MIB = 2 ** 20;

  it.each(['lost', 'corrupt'])('breaks when a later file is %s, and has no end', async (how) => {
    const { id } = await api.create({ name: `Broken ${how}` });
    const [, , third] = await storedAs(
      id,
      Array.from({ length: 4 }, () => randomBytes(2 * MIB)),
    );
    const object = await objectOf(third as number);
    if (how === 'lost') await rm(object);
    else {
      const handle = await open(object, 'r+');
      await handle.write(Buffer.from('damaged'), 0, 7, MIB);
      await handle.close();
    }
    const response = await archive(id, 1);
    expect(response.status).toBe(200);
    const received: Uint8Array[] = [];
    await expect(
      (async () => {
        for await (const chunk of response.body!) received.push(chunk);
      })(),
    ).rejects.toThrow();
    const bytes = Buffer.concat(received);
    expect(bytes.length).toBeGreaterThan(2 * MIB);
    await expect(unzip(bytes)).rejects.toThrow('End of central directory');
  });

  it('is told as a problem while nothing was sent', async () => {
    const { id } = await api.create({ name: 'Broken first' });
    const [first] = await storedAs(id, [randomBytes(100), randomBytes(100)]);
    await rm(await objectOf(first as number));
    const response = await archive(id, 1);
    await expectProblem(response, 500, 'object-missing');
    expect(response.headers.get('etag')).toBeNull();
  });
});

describe('A client that goes away', () => {
  // Open files can only be looked up on Linux.
  const onLinux = process.platform === 'linux' ? it : it.skip;
  const openObjects = async (): Promise<string[]> => {
    const targets = (await readdir('/proc/self/fd')).map((fd) =>
      readlink(`/proc/self/fd/${fd}`).catch(() => 'closed meanwhile'),
    );
    return (await Promise.all(targets)).filter((path) => path.startsWith(app.env.STRATUM_DATA_DIR));
  };

  onLinux('leaves nothing open, and the service goes on', async () => {
    const { id } = await api.create({ name: 'Left' });
    await storedAs(
      id,
      Array.from({ length: 3 }, () => randomBytes(16 * 2 ** 20)),
    );
    let opened = 0;
    for (let n = 0; n < 5; n += 1) {
      const connection = await rawConnection(app);
      await connection.send(requestHead(app, `GET /v1/datasets/${id}/versions/1/archive`));
      await once(connection.socket, 'data');
      connection.socket.pause();
      opened += (await openObjects()).length;
      connection.reset();
    }
    // More than the buffers on the way take: objects were open when the clients went.
    expect(opened).toBeGreaterThan(0);
    for (const deadline = Date.now() + 3000; Date.now() < deadline; await delay(20)) {
      if ((await openObjects()).length === 0) break;
    }
    expect(await openObjects()).toEqual([]);
    expect((await download(id, 1)).files.size).toBe(3);
  });
});
