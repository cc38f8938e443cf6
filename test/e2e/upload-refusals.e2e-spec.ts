import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../src/core/contracts/storage-backend.contract.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller } from '../support/callers.js';
import { sha256Of } from '../support/history.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';
import { metadataOf, OFFSET_STREAM, tusOf, type Tus } from '../support/tus.js';
import { addUser } from '../support/users.js';

const MAX_BYTES = 1_000_000;
let app: TestApp;
let tus: Tus;

beforeAll(async () => {
  app = await startTestApp({ UPLOAD_MAX_BYTES: String(MAX_BYTES) });
  tus = tusOf(app);
});
afterAll(() => app.stop());

describe('A creation', () => {
  it.each<[string, Record<string, string>, string]>([
    ['no length', {}, 'Upload-Length'],
    ['two lengths', { 'Upload-Length': '1', 'Upload-Defer-Length': '1' }, 'Upload-Length'],
    ['a length that is none', { 'Upload-Length': '-1' }, 'Upload-Length'],
    ['another length that is none', { 'Upload-Length': '1e3' }, 'Upload-Length'],
    ['a length beyond all numbers', { 'Upload-Length': '9'.repeat(16) }, 'Upload-Length'],
    ['a deferral of two', { 'Upload-Defer-Length': '2' }, 'Upload-Defer-Length'],
    ['no base64', { 'Upload-Metadata': 'filename ä' }, 'Upload-Metadata'],
    ['a key twice', { 'Upload-Metadata': 'a YQ==,a YQ==' }, 'Upload-Metadata'],
    ['three words', { 'Upload-Metadata': 'a YQ== YQ==' }, 'Upload-Metadata'],
    ['a path for a name', { 'Upload-Metadata': metadataOf({ filename: '../a' }) }, '/fileName'],
    ['no media type', { 'Upload-Metadata': metadataOf({ mimeType: 'csv' }) }, '/mimeType'],
    ['no digest', { 'Upload-Metadata': metadataOf({ sha256: 'abc' }) }, 'Upload-Metadata'],
    ['an odd concatenation', { 'Upload-Concat': 'all' }, 'Upload-Concat'],
    ['parts that are none', { 'Upload-Concat': 'final;/v1/files/1' }, 'Upload-Concat'],
  ])('is refused with %s', async (_, headers, pointer) => {
    const isConcat = headers['Upload-Concat']?.startsWith('final') ?? false;
    const needsLength = pointer !== 'Upload-Length' && pointer !== 'Upload-Defer-Length';
    const all = needsLength && !isConcat ? { 'Upload-Length': '5', ...headers } : headers;
    const answer = await tus.request('POST', '/v1/uploads', all);
    expect(answer.headers.get('tus-resumable')).toBe('1.0.0');
    const { errors } = await expectProblem(answer, 400, 'validation-failed');
    expect(errors?.[0]?.pointer).toBe(pointer);
  });

  it('ignores what it does not know, as clients send it', async () => {
    const metadata = `${metadataOf({ name: 'a/b.csv', type: 'x', filetype: 'y' })},empty`;
    const path = await tus.create({ 'Upload-Length': 1, 'Upload-Metadata': metadata });
    expect((await tus.head(path)).headers.get('upload-metadata')).toBe(metadata);
  });

  it('of more than an upload may have is refused', async () => {
    const asked = { 'Upload-Length': MAX_BYTES + 1 };
    await expectProblem(await tus.request('POST', '/v1/uploads', asked), 413, 'upload-too-large');
    const path = await tus.create({ 'Upload-Defer-Length': 1 });
    await expectProblem(await tus.patch(path, 0, 'a', asked), 413, 'upload-too-large');
  });

  it('is refused when its quota has no room, then and at its end', async () => {
    const user = await addCaller(app, 'small', 1000);
    const theirs = tusOf(user);
    const early = await theirs.request('POST', '/v1/uploads', { 'Upload-Length': 1001 });
    await expectProblem(early, 507, 'quota-exceeded');
    const path = await theirs.create({ 'Upload-Length': 900 });
    const [head, tail] = [randomBytes(400), randomBytes(500)];
    expect((await theirs.patch(path, 0, head)).status).toBe(204);
    const { id } = (await (await user.upload(randomBytes(500))).json()) as { id: number };
    await expectProblem(await theirs.patch(path, 400, tail), 507, 'quota-exceeded');
    // It waits for room, and takes the same bytes again.
    expect(await theirs.offset(path)).toBe(400);
    await user.fetch(`/v1/files/${id}`, { method: 'DELETE' });
    expect((await theirs.patch(path, 400, tail)).headers.get('stratum-file-id')).toMatch(/^\d+$/);
  });

  it('is refused when the disk has no room beside what others are still to send', async () => {
    const backend = app.app.get<IStorageBackend>(STORAGE_BACKEND, { strict: false });
    const bytes = jest.spyOn(backend, 'freeBytes').mockResolvedValue(1500);
    try {
      const path = await tus.create({ 'Upload-Length': 1000 });
      const more = { 'Upload-Length': 1000 };
      await expectProblem(await tus.request('POST', '/v1/uploads', more), 507, 'storage-full');
      await tus.request('DELETE', path);
      await tus.create(more);
    } finally {
      bytes.mockRestore();
    }
  });
});

describe('A request', () => {
  it('says which tus it speaks', async () => {
    const path = await tus.create({ 'Upload-Length': 1 });
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      const target = method === 'POST' ? '/v1/uploads' : path;
      for (const headers of [{}, { 'Tus-Resumable': '0.2.2' }]) {
        const answer = await app.fetch(target, { method, headers });
        expect(answer.headers.get('tus-version')).toBe('1.0.0');
        await expectProblem(answer, 412, 'tus-version');
      }
    }
    expect((await app.fetch(path, { method: 'HEAD' })).status).toBe(412);
  });

  it('with bytes names their type and where they belong', async () => {
    const path = await tus.create({ 'Upload-Length': 5 });
    const wrong = { 'Content-Type': 'application/json' };
    await expectProblem(await tus.patch(path, 0, 'x', wrong), 415, 'unsupported-media-type');
    const created = await tus.request('POST', '/v1/uploads', { 'Upload-Length': 1, ...wrong }, 'x');
    await expectProblem(created, 415, 'unsupported-media-type');
    const nowhere = await tus.request('PATCH', path, { 'Content-Type': OFFSET_STREAM }, 'x');
    await expectProblem(nowhere, 400, 'validation-failed');
    const checksum = { 'Upload-Checksum': 'md5 XUFAKrxLKna5cZ2REBfFkg==' };
    await expectProblem(await tus.patch(path, 0, 'hello', checksum), 400, 'validation-failed');
    const short = { 'Upload-Checksum': 'sha256 XUFAKrxLKna5cZ2REBfFkg==' };
    await expectProblem(await tus.patch(path, 0, 'hello', short), 400, 'validation-failed');
    expect(await tus.offset(path)).toBe(0);
  });

  it('goes on where the upload is, and nowhere else', async () => {
    const path = await tus.create({ 'Upload-Length': 10 }, 'abc');
    for (const offset of [0, 2, 4, 10]) {
      const answer = await tus.patch(path, offset, 'x');
      expect(answer.headers.get('upload-offset')).toBe('3');
      await expectProblem(answer, 409, 'upload-offset-mismatch');
    }
    expect(await tus.offset(path)).toBe(3);
  });

  it('brings no more than the upload is long, announced or not', async () => {
    const path = await tus.create({ 'Upload-Length': 4 }, 'abc');
    await expectProblem(await tus.patch(path, 3, 'de'), 413, 'upload-length-exceeded');
    const connection = await rawConnection(app);
    const head = requestHead(app, `PATCH ${path}`, {
      'Tus-Resumable': '1.0.0',
      'Content-Type': OFFSET_STREAM,
      'Upload-Offset': 3,
      'Transfer-Encoding': 'chunked',
    });
    await connection.send(`${head}2\r\nde\r\n0\r\n\r\n`);
    await expectProblem(await connection.answer(), 413, 'upload-length-exceeded');
    connection.socket.destroy();
    expect(await tus.offset(path)).toBe(3);
    const last = await tus.patch(path, 3, 'd');
    expect(last.status).toBe(204);
    await expectProblem(await tus.patch(path, 4, 'e'), 413, 'upload-length-exceeded');
    await expectProblem(await tus.patch(path, 3, 'd'), 409, 'upload-offset-mismatch');
  });

  it('changes no length that is known', async () => {
    const path = await tus.create({ 'Upload-Length': 5 });
    const answer = await tus.patch(path, 0, 'x', { 'Upload-Length': 6 });
    await expectProblem(answer, 400, 'validation-failed');
    const deferred = await tus.create({ 'Upload-Defer-Length': 1 }, 'abc');
    const less = await tus.patch(deferred, 3, '', { 'Upload-Length': 2 });
    await expectProblem(less, 400, 'validation-failed');
  });

  it('for an upload of nobody, or of somebody else, is told the same', async () => {
    const path = await tus.create({ 'Upload-Length': 5 });
    const stranger = tusOf(await addUser(app, 'stranger'));
    const details = new Set<string>();
    for (const asked of [path, `/v1/uploads/${randomUUID()}`, '/v1/uploads/none']) {
      details.add(
        (await expectProblem(await stranger.patch(asked, 0, 'x'), 404, 'upload-not-found')).detail,
      );
      const ended = await stranger.request('DELETE', asked);
      details.add((await expectProblem(ended, 404, 'upload-not-found')).detail);
      expect((await stranger.head(asked)).status).toBe(404);
    }
    expect(details.size).toBe(1);
    expect(await tus.offset(path)).toBe(0);
  });

  it('with the last byte of other content than its digest says ends the upload', async () => {
    const metadata = metadataOf({ sha256: sha256Of(Buffer.from('another')) });
    const path = await tus.create({ 'Upload-Length': 6, 'Upload-Metadata': metadata }, 'abc');
    await expectProblem(await tus.patch(path, 3, 'def'), 422, 'digest-mismatch');
    await expectProblem(await tus.patch(path, 3, 'def'), 410, 'upload-gone');
  });

  it('whose key is revoked while it sends makes no file', async () => {
    const user = await addUser(app, 'revoked');
    const theirs = tusOf(user);
    const path = await theirs.create({ 'Upload-Length': 6 });
    const connection = await rawConnection(app);
    const head = requestHead({ ...app, key: user.key }, `PATCH ${path}`, {
      'Tus-Resumable': '1.0.0',
      'Content-Type': OFFSET_STREAM,
      'Upload-Offset': 0,
      'Content-Length': 6,
    });
    await connection.send(`${head}abc`);
    await uploadSlotsUsed(app, 1);
    await app.fetch(`/v1/api-keys/${user.keyId}`, { method: 'DELETE' });
    await connection.send('def');
    await expectProblem(await connection.answer(), 401, 'unauthenticated');
    connection.socket.destroy();
  });
});
