import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_BUS, type IEventBus } from '../../src/core/contracts/event-bus.contract.js';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import { UploadSweeper } from '../../src/storage/uploads/upload-sweeper.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { sha256Of } from '../support/history.js';
import { quiesce } from '../support/invariants.js';
import { expectNothingLeft, traces } from '../support/leftovers.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';
import { checksumOf, metadataOf, OFFSET_STREAM, tusOf, type Tus } from '../support/tus.js';
import { addUser } from '../support/users.js';

const MAX_BYTES = 5_000_000;
let app: TestApp;
let tus: Tus;

beforeAll(async () => {
  app = await startTestApp({
    UPLOAD_MAX_BYTES: String(MAX_BYTES),
    GC_GRACE_SECONDS: '0',
    GC_RETAIN_SECONDS: '0',
  });
  tus = tusOf(app);
});
afterAll(() => app.stop());

const collect = () => app.app.get(GarbageCollector, { strict: false }).collect();

const patchHead = (path: string, offset: number, headers: Record<string, string | number>) =>
  requestHead(app, `PATCH ${path}`, {
    'Tus-Resumable': '1.0.0',
    'Content-Type': OFFSET_STREAM,
    'Upload-Offset': offset,
    ...headers,
  });

const fileOf = (response: Response): number => Number(response.headers.get('stratum-file-id'));

async function contentOf(id: number): Promise<Buffer> {
  const response = await app.fetch(`/v1/files/${id}/content`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

describe('an upload', () => {
  it('comes in parts and is a file with the last of them', async () => {
    const content = randomBytes(1_200_000);
    const metadata = metadataOf({
      filename: 'täg.csv',
      mimeType: 'text/csv',
      sha256: sha256Of(content),
      relativePath: 'mine/täg.csv',
    });
    const created = await tus.request('POST', '/v1/uploads', {
      'Upload-Length': content.length,
      'Upload-Metadata': metadata,
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('tus-resumable')).toBe('1.0.0');
    expect(Date.parse(created.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now());
    const path = created.headers.get('location') ?? '';
    for (const [from, to] of [
      [0, 1],
      [1, 700_000],
      [700_000, 1_199_999],
    ] as const) {
      const patched = await tus.patch(path, from, content.subarray(from, to));
      expect(patched.status).toBe(204);
      expect(patched.headers.get('upload-offset')).toBe(String(to));
      expect(patched.headers.get('stratum-file-id')).toBeNull();
      const head = await tus.head(path);
      expect(Object.fromEntries(head.headers)).toMatchObject({
        'upload-offset': String(to),
        'upload-length': String(content.length),
        'upload-metadata': metadata,
        'cache-control': 'no-store',
        'tus-resumable': '1.0.0',
      });
    }
    const last = await tus.patch(path, 1_199_999, content.subarray(1_199_999));
    expect(last.status).toBe(204);
    const id = fileOf(last);
    expect(sha256Of(await contentOf(id))).toBe(sha256Of(content));
    expect(await app.json(200, `/v1/files/${id}`)).toMatchObject({
      contentHash: `sha256:${sha256Of(content)}`,
      size: content.length,
      fileName: 'täg.csv',
      fileType: 'csv',
      mimeType: 'text/csv',
    });
    const head = await tus.head(path);
    expect(fileOf(head)).toBe(id);
    expect(head.headers.get('upload-offset')).toBe(String(content.length));
    // Whoever did not hear the last answer hears it again.
    const again = await tus.patch(path, content.length, '');
    expect(`${again.status} ${fileOf(again)}`).toBe(`204 ${id}`);
  });

  it('may be empty, and is a file at once', async () => {
    const created = await tus.request('POST', '/v1/uploads', { 'Upload-Length': 0 });
    expect(created.status).toBe(201);
    expect(await contentOf(fileOf(created))).toHaveLength(0);
  });

  it('may bring its first bytes with its creation, or all', async () => {
    const content = randomBytes(300_000);
    const part = content.subarray(0, 100_000);
    const body = { 'Content-Type': OFFSET_STREAM, 'Upload-Length': content.length };
    const created = await tus.request(
      'POST',
      '/v1/uploads',
      { ...body, 'Upload-Checksum': checksumOf('sha1', part) },
      part,
    );
    expect(created.status).toBe(201);
    expect(created.headers.get('upload-offset')).toBe('100000');
    const path = created.headers.get('location') ?? '';
    const last = await tus.patch(path, 100_000, content.subarray(100_000));
    expect(sha256Of(await contentOf(fileOf(last)))).toBe(sha256Of(content));

    const whole = await tus.request('POST', '/v1/uploads', body, content);
    expect(`${whole.status} ${whole.headers.get('upload-offset')}`).toBe('201 300000');
    // The same content, and one more hold on the same file.
    expect(fileOf(whole)).toBe(fileOf(last));
  });

  it('may tell its length later, even when nothing follows', async () => {
    for (const rest of ['def', '']) {
      const path = await tus.create({ 'Upload-Defer-Length': 1 });
      expect((await tus.patch(path, 0, 'abc')).headers.get('upload-offset')).toBe('3');
      const head = await tus.head(path);
      expect(head.headers.get('upload-defer-length')).toBe('1');
      expect(head.headers.get('upload-length')).toBeNull();
      const length = { 'Upload-Length': 3 + rest.length };
      const last = await tus.patch(path, 3, rest, length);
      expect((await contentOf(fileOf(last))).toString()).toBe(`abc${rest}`);
    }
  });

  it('may come in chunks whose sum nobody has announced', async () => {
    const path = await tus.create({ 'Upload-Length': 10 });
    const connection = await rawConnection(app);
    await connection.send(
      patchHead(path, 0, { 'Transfer-Encoding': 'chunked', Connection: 'close' }) +
        '5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n',
    );
    const answer = await connection.answer();
    connection.socket.destroy();
    expect(answer?.status).toBe(204);
    const id = Number(answer?.headers['stratum-file-id']);
    expect((await contentOf(id)).toString()).toBe('helloworld');
  });

  it('is checked part by part by checksums', async () => {
    const path = await tus.create({ 'Upload-Length': 200_000 });
    const content = randomBytes(200_000);
    const [first, second] = [content.subarray(0, 120_000), content.subarray(120_000)];
    for (const algorithm of ['sha256', 'sha1']) {
      const wrong = { 'Upload-Checksum': checksumOf(algorithm, 'something else') };
      const refused = await tus.patch(path, 0, first, wrong);
      await expectProblem(refused, 460, 'upload-checksum-mismatch');
      expect(await tus.offset(path)).toBe(0);
    }
    const right = await tus.patch(path, 0, first, { 'Upload-Checksum': checksumOf('sha1', first) });
    expect(right.status).toBe(204);
    // The bytes that end it are checked before it is a file.
    const wrong = { 'Upload-Checksum': checksumOf('sha256', first) };
    await expectProblem(
      await tus.patch(path, 120_000, second, wrong),
      460,
      'upload-checksum-mismatch',
    );
    expect(await tus.offset(path)).toBe(120_000);
    const last = await tus.patch(path, 120_000, second, {
      'Upload-Checksum': checksumOf('sha256', second),
    });
    expect(sha256Of(await contentOf(fileOf(last)))).toBe(sha256Of(content));
  });

  it('of content that is stored already is one more hold on the same file', async () => {
    const content = randomBytes(50_000);
    const { id } = (await (await app.upload(content)).json()) as { id: number };
    const path = await tus.create({ 'Upload-Length': content.length });
    const last = await tus.patch(path, 0, content);
    expect(fileOf(last)).toBe(id);
    const [row] = await app.database.query('SELECT reference_count FROM files WHERE id = $1', [id]);
    expect(row).toEqual({ reference_count: '2' });
  });

  it('is audited and told of as any upload of a file', async () => {
    const events: unknown[] = [];
    const bus = app.app.get<IEventBus>(EVENT_BUS, { strict: false });
    const end = bus.subscribe('file.uploaded', (event) => void events.push(event));
    const path = await tus.create({ 'Upload-Length': 3 });
    const id = fileOf(await tus.patch(path, 0, 'abc'));
    end();
    expect(events).toMatchObject([{ fileId: id, size: 3 }]);
    const entries = await app.database.query(
      'SELECT action, targets, details FROM audit_log ORDER BY id DESC LIMIT 2',
    );
    const uploadId = path.split('/').at(-1);
    expect(entries).toEqual([
      {
        action: 'file.upload',
        targets: [`file:${id}`],
        details: expect.objectContaining({ bytes: 3, uploadId }),
      },
      expect.objectContaining({ action: 'upload.create', targets: [`upload:${uploadId}`] }),
    ]);
  });

  it('is begun once for one Idempotency-Key', async () => {
    const headers = {
      'Idempotency-Key': randomUUID(),
      'Upload-Length': 6,
      'Content-Type': OFFSET_STREAM,
    };
    const first = await tus.request('POST', '/v1/uploads', headers, 'abc');
    const again = await tus.request('POST', '/v1/uploads', headers, 'abc');
    for (const answer of [first, again]) {
      expect(answer.status).toBe(201);
      expect(answer.headers.get('location')).toBe(first.headers.get('location'));
      expect(answer.headers.get('upload-offset')).toBe('3');
    }
    const other = await tus.request('POST', '/v1/uploads', { ...headers, 'Upload-Length': 7 });
    await expectProblem(other, 422, 'idempotency-key-reused');
  });

  it('can be ended, and leaves nothing', async () => {
    await quiesce(app.database, collect);
    const before = await traces(app);
    const path = await tus.create({ 'Upload-Length': 100 }, 'some bytes');
    const ended = await tus.request('DELETE', path);
    expect(ended.status).toBe(204);
    await expectProblem(await tus.patch(path, 10, 'more'), 410, 'upload-gone');
    expect((await tus.head(path)).status).toBe(410);
    await expectProblem(await tus.request('DELETE', path), 410, 'upload-gone');
    await quiesce(app.database, collect);
    await expectNothingLeft(app, before);
  });

  it('that is a file is forgotten by DELETE, and the file stays', async () => {
    const path = await tus.create({ 'Upload-Length': 4 });
    const id = fileOf(await tus.patch(path, 0, 'kept'));
    expect((await tus.request('DELETE', path)).status).toBe(204);
    expect((await tus.head(path)).status).toBe(410);
    expect((await contentOf(id)).toString()).toBe('kept');
  });

  it('is listed until it is over, page by page', async () => {
    const user = await addUser(app, 'lister');
    const theirs = tusOf(user);
    const paths = [];
    for (let n = 0; n < 3; n += 1) paths.push(await theirs.create({ 'Upload-Length': 10 + n }));
    await theirs.patch(paths[0] as string, 0, 'abc');
    await theirs.patch(paths[1] as string, 0, 'x'.repeat(11));
    type Page = { items: { id: string; offset: number }[]; nextCursor: string | null };
    const first = await user.json<Page>(200, '/v1/uploads?limit=1');
    const second = await user.json<Page>(200, `/v1/uploads?limit=1&cursor=${first.nextCursor}`);
    expect(second.nextCursor).toBeNull();
    const found = [...first.items, ...second.items].map(({ id, offset }) => [
      `/v1/uploads/${id}`,
      offset,
    ]);
    expect(new Map(found as [string, number][])).toEqual(
      new Map([
        [paths[0], 3],
        [paths[2], 0],
      ]),
    );
    await expectProblem(await user.fetch('/v1/uploads?cursor=x'), 400, 'cursor-mismatch');
  });

  it('expires, is swept, and is forgotten a day later', async () => {
    const path = await tus.create({ 'Upload-Length': 100 }, 'some bytes');
    const id = path.split('/').at(-1);
    const expire = (ago: string): Promise<unknown> =>
      app.database.query(
        `WITH i AS (UPDATE storage_intents SET lease_until = now() - $2::interval WHERE id = $1)
         UPDATE uploads SET expires_at = now() - $2::interval WHERE id = $1`,
        [id, ago],
      );
    await expire('1 second');
    await expectProblem(await tus.patch(path, 10, 'more'), 410, 'upload-gone');
    await collect();
    expect((await tus.head(path)).status).toBe(410);
    await quiesce(app.database, collect);
    expect((await traces(app)).objects.filter((name) => name.includes(id as string))).toEqual([]);
    await expire('25 hours');
    await app.app.get(UploadSweeper, { strict: false }).sweep();
    expect((await tus.head(path)).status).toBe(404);
  });
});
