import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QuotasRepository } from '../../src/access/limits/quotas.repository.js';
import { QUOTAS, type IQuotas } from '../../src/core/contracts/quotas.contract.js';
import { UnitOfWork } from '../../src/core/database/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, startReplica, type TestCaller } from '../support/callers.js';
import { datasetsApi, move, put } from '../support/datasets.js';
import { expectNothingLeft, traces } from '../support/leftovers.js';
import { principal } from '../support/principals.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';

const USER_QUOTA = 10_000;
const DATASET_QUOTA = 8_000;

let app: TestApp;
let users = 0;
beforeAll(async () => {
  app = await startTestApp({
    QUOTA_USER_BYTES: String(USER_QUOTA),
    QUOTA_DATASET_BYTES: String(DATASET_QUOTA),
  });
});
afterAll(async () => {
  await app.stop();
});

const quotas = (): IQuotas => app.app.get<IQuotas>(QUOTAS, { strict: false });
const someone = (quotaBytes: number | null = null): Promise<TestCaller> =>
  addCaller(app, `user-${(users += 1)}`, quotaBytes);
const usedBy = async ({ userId }: TestCaller): Promise<number> =>
  (await quotas().usageOfUser(userId)).usedBytes;
const idOf = async (response: Response): Promise<number> => {
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
};
const counted = (responses: Response[]): Record<number, number> =>
  Object.fromEntries(
    [...new Set(responses.map(({ status }) => status))].map((status) => [
      status,
      responses.filter((response) => response.status === status).length,
    ]),
  );

describe('The quota of a user', () => {
  it('is full to the byte, and says how it stands', async () => {
    const user = await someone();
    await idOf(await user.upload(randomBytes(USER_QUOTA - 100)));
    const before = await traces(app);
    const problem = await expectProblem(await user.upload(randomBytes(101)), 507, 'quota-exceeded');
    expect(problem).toMatchObject({
      quota: 'user',
      quotaBytes: USER_QUOTA,
      usedBytes: USER_QUOTA - 100,
      neededBytes: 101,
    });
    await expectNothingLeft(app, before);
    await idOf(await user.upload(randomBytes(100)));
    expect(await usedBy(user)).toBe(USER_QUOTA);
    expect((await user.upload('x')).status).toBe(507);
    // An upload without bytes needs no room.
    await idOf(await user.upload(''));
  });

  it('counts a content once, however often it is kept and whoever else keeps it', async () => {
    const [user, other] = [await someone(), await someone()];
    const content = randomBytes(6_000);
    for (const caller of [user, user, other]) await idOf(await caller.upload(content));
    expect([await usedBy(user), await usedBy(other)]).toEqual([6_000, 6_000]);
  });

  it('has room again when a file was given up', async () => {
    const user = await someone();
    const id = await idOf(await user.upload(randomBytes(9_000)));
    expect((await user.upload(randomBytes(9_000))).status).toBe(507);
    expect((await user.fetch(`/v1/files/${id}`, { method: 'DELETE' })).status).toBe(204);
    await idOf(await user.upload(randomBytes(9_000)));
  });

  it('is never exceeded by uploads that come together, at two replicas', async () => {
    const user = await someone();
    const before = await traces(app);
    const replica = await startReplica(app);
    const uploads = Array.from({ length: 20 }, (_, n) => {
      const at = n % 2 === 0 ? user : { ...replica, key: user.key };
      return fetch(new URL('/v1/files', at.url), {
        method: 'POST',
        headers: { Authorization: `Bearer ${user.key}` },
        body: randomBytes(2_000),
      });
    });
    const responses = await Promise.all(uploads);
    expect(counted(responses)).toEqual({ 201: 5, 507: 15 });
    expect(await usedBy(user)).toBe(USER_QUOTA);
    const { files, references, objects } = await traces(app);
    expect([files - before.files, references - before.references]).toEqual([5, 5]);
    expect(objects).toHaveLength(before.objects.length + 5);
    await replica.stop();
  });

  it('refuses a batch as a whole', async () => {
    const user = await someone();
    const before = await traces(app);
    const form = new FormData();
    for (let n = 0; n < 3; n += 1) form.append('file', new Blob([randomBytes(4_000)]), `${n}.bin`);
    const response = await user.fetch('/v1/files/batch', { method: 'POST', body: form });
    await expectProblem(response, 507, 'quota-exceeded');
    await expectNothingLeft(app, before);
  });

  it('of one user goes before what is configured', async () => {
    const [rich, poor] = [await someone(20_000), await someone(0)];
    await idOf(await rich.upload(randomBytes(15_000)));
    await expectProblem(await poor.upload('x'), 507, 'quota-exceeded');
  });

  it('refuses by Content-Length before a byte is sent', async () => {
    const user = await someone(3_000_000);
    await idOf(await user.upload(randomBytes(1_000_000)));
    const connection = await rawConnection(user);
    const refused = { 'Content-Length': 2_500_000, Expect: '100-continue' };
    await connection.send(requestHead(user, 'POST /v1/files', refused));
    await expectProblem(await connection.answer(), 507, 'quota-exceeded');
    connection.socket.destroy();
  });

  it('lets in again what is there already', async () => {
    const user = await someone(2_000_000);
    const content = randomBytes(1_500_000);
    const first = await idOf(await user.upload(content));
    expect(await idOf(await user.upload(content))).toBe(first);
    const raw = { method: 'POST', body: content } as const;
    expect(await idOf(await user.fetch('/v1/files', raw))).toBe(first);
    // Nothing of this size is there, so it is refused by its length, except as a possible repeat.
    const larger = { method: 'POST', body: randomBytes(1_600_000) } as const;
    expect((await user.fetch('/v1/files', larger)).status).toBe(507);
    const repeatable = { ...larger, headers: { 'Idempotency-Key': 'a-repeat' } };
    await expectProblem(await user.fetch('/v1/files', repeatable), 507, 'quota-exceeded');
  });
});

describe('The quota of a dataset', () => {
  it('counts what its versions keep, and lets through what adds nothing', async () => {
    const user = await someone(1_000_000);
    const api = datasetsApi(user);
    const { id } = await api.create({ name: 'Quota' });
    const [first, second] = [
      await api.upload(randomBytes(6_000)),
      await api.upload(randomBytes(3_000)),
    ];
    await api.commit(id, [put('a.csv', first), put('same.csv', first)]);
    const refused = await api.tryCommit(id, { changes: [put('b.csv', second)] });
    expect(await expectProblem(refused, 507, 'quota-exceeded')).toMatchObject({
      quota: 'dataset',
      quotaBytes: DATASET_QUOTA,
      neededBytes: 3_000,
    });
    const { usedBytes, files } = await user.json<{ usedBytes: number; files: number }>(
      200,
      `/v1/datasets/${id}/quota`,
    );
    // The file, and the overlay of one version.
    expect(files).toBe(2);
    expect(usedBytes).toBeGreaterThan(6_000);
    expect(usedBytes).toBeLessThan(DATASET_QUOTA);
    // Now there is no room even for an overlay.
    await app.json(200, `/v1/datasets/${id}/quota`, quotaOf(1));
    await api.commit(id, [move('a.csv', 'moved.csv')]);
    await api.commit(id, [put('again.csv', first)]);
    const restored = await api.json('POST', `/v1/datasets/${id}/versions/1/restore`, {});
    expect(restored.status).toBe(201);
    await app.json(200, `/v1/datasets/${id}/quota`, quotaOf(null));
    expect((await api.tryCommit(id, { changes: [put('b.csv', second)] })).status).toBe(507);
  });

  const quotaOf = (bytes: unknown) => ({
    method: 'PUT',
    body: JSON.stringify({ bytes }),
    headers: { 'Content-Type': 'application/json' },
  });

  it('is set by admins of the installation alone', async () => {
    const [owner, other] = [await someone(), await someone()];
    const { id } = await datasetsApi(owner).create({ name: 'Whose', visibility: 'public' });
    const path = `/v1/datasets/${id}/quota`;
    expect(await owner.json(200, path)).toEqual({
      bytes: null,
      quotaBytes: DATASET_QUOTA,
      usedBytes: 0,
      files: 0,
    });
    await expectProblem(await owner.fetch(path, quotaOf(5)), 403, 'forbidden');
    await expectProblem(await other.fetch(path), 403, 'forbidden');
    for (const wrong of [-1, 1.5, '5', undefined, 2 ** 53]) {
      await expectProblem(await app.fetch(path, quotaOf(wrong)), 400, 'validation-failed');
    }
    expect(await app.json(200, path, quotaOf(0))).toMatchObject({ bytes: 0, quotaBytes: 0 });
  });

  it('holds for a dataset that comes with its files, of which nothing is kept', async () => {
    const user = await someone(1_000_000);
    const before = await traces(app);
    const form = new FormData();
    form.append('name', 'Too large');
    form.append('files', new Blob([randomBytes(DATASET_QUOTA + 1)]), 'large.bin');
    const response = await user.fetch('/v1/datasets', { method: 'POST', body: form });
    await expectProblem(response, 507, 'quota-exceeded');
    await expectNothingLeft(app, before);
    const { items } = await user.json<{ items: { name: string }[] }>(200, '/v1/datasets');
    expect(items.map(({ name }) => name)).not.toContain('Too large');
  });
});

describe('What is known of usage', () => {
  it('is never less than what is kept', async () => {
    const rows = await app.database.query<{ type: 'user' | 'dataset'; id: string; known: number }>(
      `SELECT owner_type AS type, owner_id AS id, (used_bytes + added - added_before)::float8 AS known
       FROM quota_usages WHERE used_bytes IS NOT NULL`,
    );
    expect(rows.length).toBeGreaterThan(3);
    for (const { type, id, known } of rows) {
      const { usedBytes } = await app.app.get(QuotasRepository, { strict: false }).count(type, id);
      expect(known).toBeGreaterThanOrEqual(usedBytes);
    }
  });

  it('is forgotten when a quota changes: what came while there was none counts, too', async () => {
    const user = await someone(9_000);
    await idOf(await user.upload(randomBytes(100)));
    const set = (bytes: number) =>
      app.database.query('UPDATE users SET quota_bytes = $2 WHERE id = $1', [user.userId, bytes]);
    // As another process under other settings would add it.
    await app.database.query(
      `WITH file AS (
         INSERT INTO files (content_hash, size_bytes, block_crcs, backend, storage_key, reference_count)
         VALUES (repeat('5e', 32), 8500, '', 'local', 'nowhere', 1) RETURNING id)
       INSERT INTO file_references (file_id, owner_type, owner_id, file_type)
       SELECT id, 'hold', $1, 'csv' FROM file`,
      [user.userId],
    );
    await idOf(await user.upload(randomBytes(500)));
    await set(9_001);
    await expectProblem(await user.upload(randomBytes(500)), 507, 'quota-exceeded');
  });
});

describe('What a user owns', () => {
  it('is of holds and datasets together, each content once', async () => {
    const user = await someone();
    const api = datasetsApi(user);
    const held = await api.upload(randomBytes(5_000));
    const { id } = await api.create({ name: 'Owned' });
    await api.commit(id, [put('a.csv', held)]);
    const { overlayFileId } = (
      await user.json<{ items: { overlayFileId: number }[] }>(200, `/v1/datasets/${id}/versions`)
    ).items[0] as { overlayFileId: number };
    const [{ size }] = (await app.database.query(
      'SELECT size_bytes::int AS size FROM files WHERE id = $1',
      [overlayFileId],
    )) as [{ size: number }];
    expect(await usedBy(user)).toBe(5_000 + size);
    // The dataset keeps it still.
    await user.fetch(`/v1/files/${held}`, { method: 'DELETE' });
    expect(await usedBy(user)).toBe(5_000 + size);
    expect((await user.upload(randomBytes(5_000))).status).toBe(507);
  });

  it('is what a dataset adds to when it changes hands', async () => {
    const [giver, taker] = [await someone(), await someone()];
    const api = datasetsApi(giver);
    const { id } = await api.create({ name: 'Given away' });
    await api.commit(id, [put('a.csv', await api.upload(randomBytes(6_000)))]);
    const transfer = () =>
      app.app
        .get(UnitOfWork)
        .run((tx) => quotas().admitDataset(tx, principal({ id: giver.userId }), id, taker.userId));
    await expect(transfer()).resolves.toBeUndefined();
    await idOf(await taker.upload(randomBytes(5_000)));
    await expect(transfer()).rejects.toMatchObject({
      code: 'quota-exceeded',
      // How much the other one keeps is not the giver's to know.
      extensions: { quota: 'user', neededBytes: expect.any(Number) },
    });
    await expect(transfer()).rejects.not.toHaveProperty('extensions.usedBytes');
  });
});
