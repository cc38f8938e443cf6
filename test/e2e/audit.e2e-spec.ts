import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditSealer } from '../../src/access/audit/chain/audit-sealer.service.js';
import { startAuditLab, type AuditLab } from '../support/audit-lab.js';
import { datasetsApi } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { addUser, type TestUser } from '../support/users.js';

interface Entry {
  id: number;
  at: string;
  actorId: string;
  actorName: string;
  requestId: string;
  action: string;
  targets: string[];
  beforeDigest: string | null;
  afterDigest: string | null;
  details: Record<string, unknown>;
  seq: number | null;
  hash: string | null;
}

interface Page {
  items: Entry[];
  nextCursor: string | null;
}

let app: AuditLab;
let alice: TestUser;
let bob: TestUser;
let sealer: AuditSealer;
const datasets: string[] = [];

/** Sealed but for what bob does: six entries of alice, then two of bob. */
beforeAll(async () => {
  app = await startAuditLab();
  // Without the entry of the bootstrap key.
  await app.reset();
  ({ sealer } = app);
  alice = await addUser(app, 'alice');
  bob = await addUser(app, 'bob');
  for (const name of ['One', 'Two', 'Three']) {
    datasets.push((await datasetsApi(alice).create({ name })).id);
    await datasetsApi(alice).json('PATCH', `/v1/datasets/${datasets.at(-1)}`, { name: 'x' });
  }
  await sealer.seal();
  await bob.fetch('/v1/files', {
    method: 'POST',
    body: 'content',
    headers: { 'X-Request-Id': 'the.request', 'Content-Type': 'text/csv' },
  });
  datasets.push((await datasetsApi(bob).create({ name: 'Of bob' })).id);
});
afterAll(() => app.stop());

const list = (query = ''): Promise<Page> => app.json<Page>(200, `/v1/audit${query}`);
const actions = async (query: string): Promise<string[]> =>
  (await list(query)).items.map(({ action }) => action);

describe('GET /v1/audit', () => {
  it('tells who changed what, newest first', async () => {
    const { items } = await list(`?target=dataset:${datasets[0]}`);
    expect(items).toEqual([
      expect.objectContaining({
        actorId: alice.id,
        actorName: 'alice',
        keyId: alice.keyId,
        action: 'dataset.update',
        targets: [`dataset:${datasets[0]}`],
        details: { changed: ['name'] },
        seq: 2,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      }),
      expect.objectContaining({
        action: 'dataset.create',
        details: { files: 0, slug: 'one', visibility: 'private' },
        beforeDigest: null,
        afterDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      }),
    ]);
    // What was there before the edit is what was made.
    expect(items[0]?.beforeDigest).toBe(items[1]?.afterDigest);
    expect(Date.parse(String(items[0]?.at))).toBeGreaterThan(Date.now() - 60_000);
  });

  it('has a place and a hash for what is sealed, and none yet for what is not', async () => {
    const { items } = await list();
    expect(items.map(({ seq }) => seq)).toEqual([null, null, 6, 5, 4, 3, 2, 1]);
    expect(items.map(({ hash }) => hash !== null)).toEqual(items.map(({ seq }) => seq !== null));
  });

  it('filters by user, action, request and time', async () => {
    expect(await actions('?actor=bob')).toEqual(['dataset.create', 'file.upload']);
    expect(await actions(`?actor=${bob.id}`)).toEqual(['dataset.create', 'file.upload']);
    expect(await actions('?action=file.')).toEqual(['file.upload']);
    expect(await actions('?action=file.upload&actor=alice')).toEqual([]);
    expect((await list('?action=dataset.')).items).toHaveLength(7);
    expect((await list('?action=dataset.create')).items).toHaveLength(4);
    const [upload] = (await list('?requestId=the.request')).items as [Entry];
    expect(upload).toMatchObject({ action: 'file.upload', actorName: 'bob', seq: null });
    expect(await actions(`?from=${upload.at}`)).toEqual(['dataset.create', 'file.upload']);
    expect((await list(`?to=${upload.at}`)).items).toHaveLength(6);
    // A letter of a pattern is a letter.
    await expectProblem(await app.fetch('/v1/audit?action=%25.'), 400, 'validation-failed');
  });

  it('comes in pages, of which each cursor is for its own filters', async () => {
    const all = (await list()).items.map(({ id }) => id);
    const paged: number[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page = await list(`?limit=3${cursor && `&cursor=${cursor}`}`);
      paged.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(all);
    const { nextCursor } = await list('?limit=1&actor=alice');
    const strange = await app.fetch(`/v1/audit?limit=1&actor=bob&cursor=${nextCursor}`);
    await expectProblem(strange, 400, 'cursor-mismatch');
  });

  it('can be followed in the order of the chain, without what is not sealed', async () => {
    const first = await list('?afterSeq=0&limit=4');
    expect(first.items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const second = await list(`?afterSeq=0&limit=4&cursor=${first.nextCursor}`);
    expect(second.items.map(({ seq }) => seq)).toEqual([5, 6]);
    expect(second.nextCursor).toBeNull();
    expect((await list('?afterSeq=6')).items).toEqual([]);
    await sealer.seal();
    expect((await list('?afterSeq=6')).items.map(({ seq }) => seq)).toEqual([7, 8]);
  });

  it('is for admins of the installation', async () => {
    await expectProblem(await alice.fetch('/v1/audit'), 403, 'forbidden');
    const admin = await addUser(app, 'another-admin', { isAdmin: true, scopes: ['files:read'] });
    await expectProblem(await admin.fetch('/v1/audit'), 403, 'forbidden');
  });

  it('tells that entries are dropped by the service itself', async () => {
    await app.database.query(
      `INSERT INTO audit_log (action, targets) VALUES ('audit.drop', '{audit-segment:1}')`,
    );
    expect((await list('?action=audit.')).items).toEqual([
      expect.objectContaining({ actorId: null, actorName: null, keyId: null, requestId: null }),
    ]);
  });
});
