import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeysService } from '../../src/access/keys/api-keys.service.js';
import { createApi, type Api } from '../support/api.js';
import { startTestApp, TEST_KEY, type TestApp } from '../support/app.js';
import { auditOf, type AuditRow } from '../support/audit.js';
import {
  makeKey as make,
  peopleApi,
  revokeKey as revoke,
  rotateKey as rotate,
  sent,
  type ApiKey,
  type Page,
} from '../support/people.js';
import { principal } from '../support/principals.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let people: ReturnType<typeof peopleApi>;
let audited: () => Promise<AuditRow[]>;
/** A member of no special rights, with a key that is not limited. */
let ada: Api;
beforeAll(async () => {
  app = await startTestApp();
  people = peopleApi(app);
  audited = auditOf(app);
  ada = await people.caller('ada');
});
afterAll(() => app.stop());

const status = async (api: Api, path = '/v1/me') => (await api.fetch(path)).status;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** All that the database has, as text: where no secret may be. */
async function everythingStored(): Promise<string> {
  const tables = await app.database.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) =>
      app.database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`),
    ),
  );
  return texts
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

describe('An API key', () => {
  it('is made, shown once, and lets in', async () => {
    await audited();
    const response = await make(ada, { name: 'nightly' });
    expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const made = (await response.json()) as ApiKey;
    expect(response.headers.get('location')).toBe(`/v1/api-keys/${made.id}`);
    expect(made).toMatchObject({
      name: 'nightly',
      key: expect.stringMatching(/^stratum_[\w-]{43}_[0-9a-f]{8}$/),
      hint: made.key.slice(0, 14),
      scopes: null,
      isBootstrap: false,
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
    });
    expect(await status(people.as(made.key))).toBe(200);
    const { key: _, ...described } = made;
    const seen = await ada.json<ApiKey>(200, `/v1/api-keys/${made.id}`);
    expect({ ...seen, lastUsedAt: null }).toEqual(described);
    const [row] = await app.database.query<{ hash: string }>(
      `SELECT encode(key_hash, 'hex') AS hash FROM api_keys WHERE id = $1`,
      [made.id],
    );
    expect(row?.hash).toBe(createHash('sha256').update(made.key).digest('hex'));
    expect(await audited()).toMatchObject([
      {
        action: 'api-key.create',
        actor: 'ada',
        targets: [`api-key:${made.id}`, `user:${made.userId}`],
        details: { name: 'nightly' },
      },
    ]);
  });

  it('is nowhere in the database, whatever was asked for by Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const made = await sent<ApiKey>(201, ada, 'POST', '/v1/api-keys', { name: 'x' }, headers);
    const rotated = (await (await rotate(ada, made.id, {}, headers)).json()) as ApiKey;
    const stored = await everythingStored();
    expect(stored).toContain(rotated.hint);
    for (const { key } of [made, rotated]) expect(stored).not.toContain(key.slice(14));
    for (const { key } of [made, rotated]) {
      expect(stored).not.toContain(Buffer.from(key).toString('hex'));
    }
  });

  it('is made once under one Idempotency-Key, and not shown again', async () => {
    const headers = { 'Idempotency-Key': 'again' };
    const first = (await (await make(ada, { name: 'twice' }, headers)).json()) as ApiKey;
    await audited();
    const again = await make(ada, { name: 'twice' }, headers);
    expect(again.status).toBe(201);
    expect(await again.json()).toEqual({ ...first, key: null });
    expect(await audited()).toEqual([]);
    const other = await make(ada, { name: 'another' }, headers);
    await expectProblem(other, 422, 'idempotency-key-reused');
  });

  it('tells when it was used last, soon after', async () => {
    const made = await people.key({}, ada);
    const before = Date.now();
    expect(await status(people.as(made.key))).toBe(200);
    let lastUsedAt: string | null = null;
    for (let tries = 0; lastUsedAt === null && tries < 50; tries += 1) {
      await delay(100);
      ({ lastUsedAt } = await ada.json<ApiKey>(200, `/v1/api-keys/${made.id}`));
    }
    expect(Math.abs(Date.parse(String(lastUsedAt)) - before)).toBeLessThan(6_000);
  });

  it('permits what its scopes say, and to ask who it is', async () => {
    const made = await people.key({ scopes: ['keys:read', 'keys:read'] }, ada);
    expect(made.scopes).toEqual(['keys:read']);
    const limited = people.as(made.key);
    expect(await status(limited, '/v1/api-keys')).toBe(200);
    expect(await status(limited)).toBe(200);
    await expectProblem(await limited.fetch('/v1/datasets'), 403, 'forbidden');
    await expectProblem(await make(limited, {}), 403, 'forbidden');
    const none = people.as((await people.key({ scopes: [] }, ada)).key);
    expect([await status(none), await status(none, '/v1/api-keys')]).toEqual([200, 403]);
  });

  it.each([
    ['no name', { name: undefined }],
    ['an empty name', { name: '' }],
    ['a long name', { name: 'x'.repeat(101) }],
    ['a NUL in its name', { name: 'a\u0000b' }],
    ['an unknown scope', { scopes: ['files:read', 'files:burn'] }],
    ['a scope that is no text', { scopes: [1] }],
    ['scopes that are no list', { scopes: 'files:read' }],
    ['an end in the past', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['an end that is no moment', { expiresAt: 'tomorrow' }],
    ['an unknown field', { isBootstrap: true }],
  ])('is not made with %s', async (_what, body) => {
    await expectProblem(await make(ada, body), 400, 'validation-failed');
  });

  it.each([-1, 0.5, 30 * 86_400 + 1, '60', null])(
    'is not rotated with an overlap of %j seconds',
    async (overlapSeconds) => {
      const { id } = await people.key({}, ada);
      await expectProblem(await rotate(ada, id, { overlapSeconds }), 400, 'validation-failed');
    },
  );
});

describe('A key that makes keys', () => {
  it('makes none that does more than itself', async () => {
    const scopes = ['keys:write', 'keys:read', 'files:read'];
    const limited = people.as((await people.key({ scopes }, ada)).key);
    expect((await people.key({}, limited)).scopes).toEqual(scopes);
    expect((await people.key({ scopes: ['files:read'] }, limited)).scopes).toEqual(['files:read']);
    for (const more of [null, ['files:write'], ['files:read', 'users:write']]) {
      const response = await make(limited, { scopes: more });
      await expectProblem(response, 403, 'key-exceeds-caller');
    }
    // Nor does a member, with any key, what only admins do.
    await expectProblem(await make(ada, { scopes: ['users:write'] }), 403, 'key-exceeds-caller');
    const unlimited = await people.key({}, ada);
    await expectProblem(await rotate(limited, unlimited.id), 403, 'key-exceeds-caller');
    const other = await people.key({ scopes: ['files:write'] }, ada);
    await expectProblem(await rotate(limited, other.id), 403, 'key-exceeds-caller');
    expect(await status(people.as(unlimited.key))).toBe(200);
  });

  it('makes none that outlives itself', async () => {
    const expiresAt = inAnHour();
    const brief = people.as((await people.key({ expiresAt }, ada)).key);
    expect((await people.key({}, brief)).expiresAt).toBe(expiresAt);
    const later = new Date(Date.parse(expiresAt) + 1).toISOString();
    for (const end of [null, later]) {
      const response = await make(brief, { expiresAt: end });
      await expectProblem(response, 403, 'key-exceeds-caller');
    }
    const lasting = await people.key({}, ada);
    await expectProblem(await rotate(brief, lasting.id), 403, 'key-exceeds-caller');
    const renewed = await rotate(brief, lasting.id, { expiresAt });
    expect(await renewed.json()).toMatchObject({ expiresAt });
    // Not even in its own place.
    const { key } = await brief.json<{ key: { id: string } }>(200, '/v1/me');
    const extended = await rotate(brief, key.id, { expiresAt: later });
    await expectProblem(extended, 403, 'key-exceeds-caller');
    expect((await rotate(brief, key.id)).status).toBe(201);
    expect(await status(brief)).toBe(401);
  });

  it('makes and rotates none of others once its user is no admin, whoever let it in', async () => {
    const service = app.app.get(ApiKeysService, { strict: false });
    const ben = await people.user('ben');
    const own = await people.key({ userId: 'ada' });
    // As the guard has found them a moment ago.
    const asAdmin = principal({ id: ben.id, isAdmin: true });
    const record = async (): Promise<void> => undefined;
    const makes = service.create(asAdmin, { name: 'late', userId: 'ada' }, record);
    await expect(makes).rejects.toMatchObject({ code: 'user-not-found' });
    const rotates = service.rotate(asAdmin, own.id, { overlapSeconds: 0 }, record);
    await expect(rotates).rejects.toMatchObject({ code: 'api-key-not-found' });
    expect(await service.create(asAdmin, { name: 'own' }, record)).toMatchObject({
      userId: ben.id,
    });
  });

  it('leaves none behind that it makes while it is revoked', async () => {
    for (let round = 0; round < 5; round += 1) {
      const own = await people.key({}, ada);
      const [made] = await Promise.all([
        make(people.as(own.key), { name: `race ${round}` }),
        revoke(ada, own.id),
      ]);
      // Whichever was first: what was answered after the revocation made nothing.
      expect([201, 401]).toContain(made.status);
      const after = await make(people.as(own.key), { name: `late ${round}` });
      await expectProblem(after, 401, 'unauthenticated');
    }
  });
});

describe('The first admin key', () => {
  it('is the operator’s to replace, not the API’s', async () => {
    const [{ id }] = (await app.json<Page<ApiKey>>(200, '/v1/api-keys')).items as [ApiKey];
    const { detail } = await expectProblem(await revoke(app, id), 409, 'bootstrap-key');
    expect(detail).toContain('STRATUM_BOOTSTRAP_KEY');
    await expectProblem(await rotate(app, id), 409, 'bootstrap-key');
    const key = await app.json<ApiKey>(200, `/v1/api-keys/${id}`);
    expect(key).toMatchObject({ isBootstrap: true, hint: null, name: 'admin' });
    expect(await status(createApi(app.url, TEST_KEY))).toBe(200);
  });

  it('is in the audit log, made by nobody but the service', async () => {
    const [row] = await auditOf(app)();
    expect(row).toMatchObject({ action: 'api-key.create', actor: null });
  });
});
