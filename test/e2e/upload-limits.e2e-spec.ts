import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../src/core/contracts/storage-backend.contract.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller } from '../support/callers.js';
import { sha256Of } from '../support/history.js';
import { expectProblem } from '../support/problems.js';
import { metadataOf, tusOf, type Tus } from '../support/tus.js';

let app: TestApp;
let admin: Tus;
beforeAll(async () => {
  app = await startTestApp();
  admin = tusOf(app);
});
afterAll(() => app.stop());

const begin = (tus: Tus, headers: Record<string, string | number>): Promise<Response> =>
  tus.request('POST', '/v1/uploads', headers);

describe('Open uploads of a user with a quota', () => {
  it('have no more room together than one', async () => {
    const tus = tusOf(await addCaller(app, 'many at once', 1000));
    const path = await tus.create({ 'Upload-Length': 600 });
    await expectProblem(await begin(tus, { 'Upload-Length': 600 }), 507, 'quota-exceeded');
    const part = { 'Upload-Length': 600, 'Upload-Concat': 'partial' };
    await expectProblem(await begin(tus, part), 507, 'quota-exceeded');
    await tus.request('DELETE', path);
    expect((await begin(tus, part)).status).toBe(201);
  });

  it('are held to it also when their length comes last', async () => {
    const tus = tusOf(await addCaller(app, 'no length', 1000));
    const path = await tus.create({ 'Upload-Defer-Length': 1 });
    expect((await tus.patch(path, 0, randomBytes(900))).status).toBe(204);
    await expectProblem(await tus.patch(path, 900, randomBytes(200)), 507, 'quota-exceeded');
    expect(await tus.offset(path)).toBe(900);
    const last = await tus.patch(path, 900, randomBytes(100), { 'Upload-Length': 1000 });
    expect(last.headers.get('stratum-file-id')).toMatch(/^\d+$/);
  });
});

describe('An upload that is announced', () => {
  it('holds room on the disk while it goes on, and not for days', async () => {
    const tus = tusOf(await addCaller(app, 'announces much'));
    const backend = app.app.get<IStorageBackend>(STORAGE_BACKEND, { strict: false });
    const free = jest.spyOn(backend, 'freeBytes').mockResolvedValue(5000);
    try {
      const path = await tus.create({ 'Upload-Length': 4000 });
      await expectProblem(await begin(admin, { 'Upload-Length': 3000 }), 507, 'storage-full');
      await app.database.query(
        `UPDATE uploads SET expires_at = expires_at - interval '11 minutes' WHERE id = $1`,
        [path.split('/').at(-1)],
      );
      expect((await begin(admin, { 'Upload-Length': 3000 })).status).toBe(201);
    } finally {
      free.mockRestore();
    }
  });

  it('is kept longer by bytes, and not by a request that brings none', async () => {
    const path = await admin.create({ 'Upload-Length': 10 }, 'abc');
    const soon = async (): Promise<string> => {
      await app.database.query(
        `WITH soon AS (UPDATE uploads SET expires_at = now() + interval '1 minute' WHERE id = $1
           RETURNING id, expires_at)
         UPDATE storage_intents i SET lease_until = soon.expires_at FROM soon WHERE i.id = soon.id`,
        [path.split('/').at(-1)],
      );
      return (await admin.head(path)).headers.get('upload-expires') as string;
    };
    const before = await soon();
    const none = await admin.patch(path, 3, '');
    expect(`${none.status} ${none.headers.get('upload-expires')}`).toBe(`204 ${before}`);
    const some = await admin.patch(path, 3, 'd');
    expect(Date.parse(some.headers.get('upload-expires') as string)).toBeGreaterThan(
      Date.parse(before) + 60_000,
    );
  });

  it('is seen and ended by an admin, and keeps its user from being removed until then', async () => {
    const user = await addCaller(app, 'leaves');
    const path = await tusOf(user).create({ 'Upload-Length': 10 }, 'abc');
    const id = path.split('/').at(-1);
    const seen = await app.json<{ items: { id: string; ownerId: string }[] }>(200, '/v1/uploads');
    expect(seen.items).toContainEqual(expect.objectContaining({ id, ownerId: user.userId }));
    const remove = () => app.fetch(`/v1/users/${user.userId}`, { method: 'DELETE' });
    await expectProblem(await remove(), 409, 'user-in-use');
    // To see it is not to write to it.
    await expectProblem(await admin.patch(path, 3, 'def'), 404, 'upload-not-found');
    expect((await admin.request('DELETE', path)).status).toBe(204);
    expect((await remove()).status).toBe(204);
  });

  it('leaves an entry in the audit log when wrong bytes have ended it', async () => {
    const metadata = metadataOf({ sha256: sha256Of(Buffer.from('another')) });
    const answer = await begin(admin, { 'Upload-Length': 6, 'Upload-Metadata': metadata });
    const path = answer.headers.get('location') as string;
    await expectProblem(await admin.patch(path, 0, 'abcdef'), 422, 'digest-mismatch');
    const { items } = await app.json<{ items: object[] }>(
      200,
      `/v1/audit?target=upload:${path.split('/').at(-1)}&action=upload.delete`,
    );
    expect(items).toEqual([
      expect.objectContaining({ details: { bytes: 6, reason: 'digest-mismatch' } }),
    ]);
  });
});
