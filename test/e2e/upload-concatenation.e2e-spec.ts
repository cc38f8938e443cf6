import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { sha256Of } from '../support/history.js';
import { quiesce } from '../support/invariants.js';
import { traces } from '../support/leftovers.js';
import { expectProblem } from '../support/problems.js';
import { metadataOf, tusOf, type Tus } from '../support/tus.js';
import { addUser } from '../support/users.js';

let app: TestApp;
let tus: Tus;

beforeAll(async () => {
  app = await startTestApp({
    UPLOAD_MAX_BYTES: '1000000',
    GC_GRACE_SECONDS: '0',
    GC_RETAIN_SECONDS: '0',
  });
  tus = tusOf(app);
});
afterAll(() => app.stop());

async function partOf(bytes: Buffer, by = tus): Promise<string> {
  const path = await by.create({ 'Upload-Length': bytes.length, 'Upload-Concat': 'partial' });
  const patched = await by.patch(path, 0, bytes);
  expect(`${patched.status} ${patched.headers.get('upload-offset')}`).toBe(`204 ${bytes.length}`);
  expect(patched.headers.get('stratum-file-id')).toBeNull();
  return path;
}

const finalOf = (parts: readonly string[], headers = {}, by = tus): Promise<Response> =>
  by.request('POST', '/v1/uploads', { 'Upload-Concat': `final;${parts.join(' ')}`, ...headers });

async function sha256OfFile(response: Response): Promise<string> {
  const id = response.headers.get('stratum-file-id');
  const file = await app.json<{ contentHash: string }>(200, `/v1/files/${id}`);
  return file.contentHash.replace('sha256:', '');
}

describe('Parts', () => {
  it('become one file in the order that the final names them in, and are used up', async () => {
    const contents = [randomBytes(200_000), randomBytes(1), randomBytes(150_000)];
    const [a, b, c] = (await Promise.all(contents.map((bytes) => partOf(bytes)))) as [
      string,
      string,
      string,
    ];
    const whole = Buffer.concat([contents[2]!, contents[0]!, contents[1]!]);
    const concat = `final;${new URL(c, app.url).href} ${a} ${b}`;
    const metadata = metadataOf({ filename: 'whole.bin', sha256: sha256Of(whole) });
    const final = await tus.request('POST', '/v1/uploads', {
      'Upload-Concat': concat,
      'Upload-Metadata': metadata,
    });
    expect(final.status).toBe(201);
    expect(await sha256OfFile(final)).toBe(sha256Of(whole));
    const path = final.headers.get('location') ?? '';
    expect(Object.fromEntries((await tus.head(path)).headers)).toMatchObject({
      'upload-concat': concat,
      'upload-length': String(whole.length),
      'upload-offset': String(whole.length),
      'upload-metadata': metadata,
      'stratum-file-id': final.headers.get('stratum-file-id'),
    });
    await expectProblem(await tus.patch(path, whole.length, 'x'), 403, 'upload-is-final');
    expect((await tus.head(a)).status).toBe(410);
    await expectProblem(await finalOf([a, b]), 410, 'upload-gone');
    // The answer may have been lost.
    const again = await finalOf([c, a, b]);
    expect(again.status).toBe(201);
    expect(again.headers.get('location')).toBe(path);
    expect(again.headers.get('stratum-file-id')).toBe(final.headers.get('stratum-file-id'));
    await quiesce(app.database, () => app.app.get(GarbageCollector, { strict: false }).collect());
    const { objects, files } = await traces(app);
    expect(objects).toHaveLength(files);
  });

  it('may be empty, or all of them', async () => {
    const empty = await tus.create({ 'Upload-Length': 0, 'Upload-Concat': 'partial' });
    const full = await partOf(Buffer.from('abc'));
    const final = await finalOf([empty, full]);
    expect(await sha256OfFile(final)).toBe(sha256Of(Buffer.from('abc')));
    const other = await tus.create({ 'Upload-Length': 0, 'Upload-Concat': 'partial' });
    expect(await sha256OfFile(await finalOf([other]))).toBe(sha256Of(Buffer.alloc(0)));
  });

  it('can be of a length that is told at the end', async () => {
    const part = await tus.create({ 'Upload-Defer-Length': 1, 'Upload-Concat': 'partial' });
    await tus.patch(part, 0, 'abc');
    await expectProblem(await finalOf([part]), 409, 'upload-parts-unfinished');
    expect((await tus.patch(part, 3, '', { 'Upload-Length': 3 })).status).toBe(204);
    expect(await sha256OfFile(await finalOf([part]))).toBe(sha256Of(Buffer.from('abc')));
  });

  it('say that they are parts, and take no more than they are long', async () => {
    const part = await partOf(Buffer.from('abc'));
    const head = await tus.head(part);
    expect(head.headers.get('upload-concat')).toBe('partial');
    await expectProblem(await tus.patch(part, 3, 'd'), 413, 'upload-length-exceeded');
    expect((await tus.patch(part, 3, '')).status).toBe(204);
  });
});

describe('A final upload', () => {
  it('is refused while a part is unfinished, unknown, of another, or none', async () => {
    const whole = await partOf(Buffer.from('abc'));
    const half = await tus.create({ 'Upload-Length': 4, 'Upload-Concat': 'partial' }, 'ab');
    await expectProblem(await finalOf([whole, half]), 409, 'upload-parts-unfinished');
    const unknown = `/v1/uploads/${randomUUID()}`;
    await expectProblem(await finalOf([whole, unknown]), 404, 'upload-not-found');
    const other = tusOf(await addUser(app, 'other-of-parts'));
    const theirs = await partOf(Buffer.from('x'), other);
    await expectProblem(await finalOf([whole, theirs]), 404, 'upload-not-found');
    await expectProblem(await finalOf([whole], {}, other), 404, 'upload-not-found');
    const file = await tus.create({ 'Upload-Length': 4 }, 'ab');
    await expectProblem(await finalOf([whole, file]), 400, 'validation-failed');
    const length = { 'Upload-Length': 3 };
    await expectProblem(await finalOf([whole], length), 400, 'validation-failed');
    // None of that has touched it.
    expect((await finalOf([whole])).status).toBe(201);
  });

  it('is refused when the parts are too long together', async () => {
    const parts = [await partOf(randomBytes(600_000)), await partOf(randomBytes(400_001))];
    await expectProblem(await finalOf(parts), 413, 'upload-too-large');
  });

  it('that is not what its digest says is over, and its parts are not', async () => {
    const parts = [await partOf(Buffer.from('abc')), await partOf(Buffer.from('def'))];
    const wrong = { 'Upload-Metadata': metadataOf({ sha256: '0'.repeat(64) }) };
    const refused = await finalOf(parts, wrong);
    await expectProblem(refused, 422, 'digest-mismatch');
    expect((await tus.head(refused.headers.get('location') ?? '')).status).toBe(410);
    expect(await sha256OfFile(await finalOf(parts))).toBe(sha256Of(Buffer.from('abcdef')));
  });

  it('goes on when it is asked for again after a failure', async () => {
    const parts = [await partOf(randomBytes(100_000)), await partOf(Buffer.from('def'))];
    await app.database.query(
      'ALTER TABLE file_references ADD CONSTRAINT none CHECK (id < 0) NOT VALID',
    );
    const failed = await finalOf(parts);
    await app.database.query('ALTER TABLE file_references DROP CONSTRAINT none');
    await expectProblem(failed, 500, 'internal');
    const path = failed.headers.get('location') ?? '';
    expect((await tus.head(path)).headers.get('upload-offset')).toBeNull();
    const again = await finalOf(parts);
    expect(`${again.status} ${again.headers.get('location')}`).toBe(`201 ${path}`);
  });

  it('keeps its parts when it is asked for again by its Idempotency-Key', async () => {
    const parts = [await partOf(Buffer.from('abc'))];
    const key = { 'Idempotency-Key': randomUUID() };
    await app.database.query(
      'ALTER TABLE file_references ADD CONSTRAINT none CHECK (id < 0) NOT VALID',
    );
    try {
      await expectProblem(await finalOf(parts, key), 500, 'internal');
      const part = (parts[0] as string).split('/').at(-1);
      await app.database.query(
        `UPDATE storage_intents SET lease_until = now() + interval '1 minute' WHERE id = $1`,
        [part],
      );
      await expectProblem(await finalOf(parts, key), 500, 'internal');
      const [intent] = await app.database.query(
        `SELECT lease_until > now() + interval '1 hour' AS kept FROM storage_intents WHERE id = $1`,
        [part],
      );
      expect(intent).toEqual({ kept: true });
    } finally {
      await app.database.query('ALTER TABLE file_references DROP CONSTRAINT none');
    }
    expect((await finalOf(parts, key)).status).toBe(201);
  });

  it('gets a part that another final names too, or is told that it is gone', async () => {
    const [a, b, c] = [
      await partOf(randomBytes(9)),
      await partOf(randomBytes(9)),
      await partOf(randomBytes(9)),
    ];
    const blocker = new pg.Client({ connectionString: app.database.url });
    await blocker.connect();
    // One of them has used the part up then, and the other waits for its row.
    await blocker.query('BEGIN; LOCK TABLE file_references IN SHARE MODE');
    const both = Promise.all([finalOf([a, b]), finalOf([b, c])]);
    for (const deadline = Date.now() + 2500; Date.now() < deadline; await delay(20)) {
      const [row] = await app.database.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if (row?.waiting === 2) break;
    }
    await blocker.query('COMMIT');
    await blocker.end();
    const answers = (await both).sort((x, y) => x.status - y.status);
    expect(answers.map(({ status }) => status)).toEqual([201, 410]);
    await expectProblem(answers[1] as Response, 410, 'upload-gone');
  });

  it('is one when it is asked for twice at the same moment', async () => {
    const parts = [await partOf(randomBytes(300_000)), await partOf(randomBytes(300_000))];
    const answers = await Promise.all([finalOf(parts), finalOf(parts), finalOf(parts)]);
    const files = answers.map(({ status, headers }) => [status, headers.get('stratum-file-id')]);
    expect(files[0]).toEqual([201, expect.stringMatching(/^\d+$/)]);
    expect(new Set(files.map(String)).size).toBe(1);
  });
});
