import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ADMIN_PERMISSIONS,
  PERMISSIONS,
  type Permission,
} from '../../src/core/contracts/principal.contract.js';
import { readJson } from '../architecture/repository.js';
import { SAMPLES, type Fixture, type Sample } from '../support/access-samples.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import { addKey, addUser, type TestUser } from '../support/users.js';

const ROLES = ['none', 'reader', 'writer', 'admin', 'owner', 'installation-admin'] as const;
type Role = (typeof ROLES)[number];

/** What keys can be besides good ones; each is a credential of the same user. */
const BAD_KEYS = ['absent', 'garbage', 'mistyped', 'expired', 'revoked', 'disabled'] as const;
const GOOD_KEYS = ['full', 'read-only', 'wrong-scope'] as const;
const VISIBILITIES = ['private', 'public'] as const;
type Visibility = (typeof VISIBILITIES)[number];
type Key = (typeof BAD_KEYS)[number] | (typeof GOOD_KEYS)[number];

interface Operation {
  name: string;
  permission: Permission | 'public';
  role: 'reader' | 'writer' | 'admin' | undefined;
  sample: Sample;
}

/** What a credential is to be told: nothing of it, or a refusal with this status and code. */
type Expected = 'allowed' | `${number} ${string}`;

const SCOPES: Partial<Record<Key, readonly string[]>> = {
  'read-only': PERMISSIONS.filter((permission) => permission.endsWith(':read')),
  'wrong-scope': [],
};

let app: TestApp;
let operations: Operation[];
const fixtures = {} as Record<Visibility, Fixture>;
const credentials = {} as Record<Role, Record<Key, string | null>>;

beforeAll(async () => {
  // A process that reads tables for each of the users.
  app = await startTestApp({ ENGINE_PROCESSES: '8' });
  const { paths } = await readJson<{
    paths: Record<string, Record<string, { 'x-permission': never; 'x-dataset-role': never }>>;
  }>('openapi.json');
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path}`;
      const sample = SAMPLES[name] as Sample;
      const role = sample?.role ?? operation['x-dataset-role'];
      return { name, permission: operation['x-permission'], role, sample };
    }),
  );
  const users = {} as Record<Role, TestUser>;
  for (const role of ROLES) {
    users[role] = await addUser(app, `the-${role}`, { isAdmin: role === 'installation-admin' });
    credentials[role] = await credentialsOf(role, users[role]);
  }
  for (const visibility of VISIBILITIES) {
    fixtures[visibility] = await fixtureOf(visibility, users);
  }
});

afterAll(async () => app.stop());

async function credentialsOf(
  role: Role,
  { id, key }: TestUser,
): Promise<Record<Key, string | null>> {
  const past = new Date(Date.now() - 60_000);
  const other = await addUser(app, `disabled-${role}`, { isAdmin: role === 'installation-admin' });
  await app.database.query('UPDATE users SET disabled_at = now() WHERE id = $1', [other.id]);
  const scoped = async (kind: Key) => (await addKey(app, id, { scopes: SCOPES[kind] })).key;
  return {
    absent: null,
    garbage: `${key}x`,
    mistyped: `stratum_${'a'.repeat(43)}_00000000`,
    expired: (await addKey(app, id, { expiresAt: past })).key,
    revoked: (await addKey(app, id, { revokedAt: past })).key,
    disabled: other.key,
    full: key,
    'read-only': await scoped('read-only'),
    'wrong-scope': await scoped('wrong-scope'),
  };
}

/** The file belongs to the dataset alone, so that only its roles tell who may read it. */
async function fixtureOf(visibility: Visibility, users: Record<Role, TestUser>): Promise<Fixture> {
  const { owner } = users;
  const api = datasetsApi(owner);
  const fileId = await api.upload(`matrix ${visibility}\n`);
  const files = [{ path: 'a.csv', fileId }];
  const { id: datasetId } = await api.create({ name: 'Matrix', visibility, files });
  await owner.fetch(`/v1/files/${fileId}`, { method: 'DELETE' });
  for (const role of ['reader', 'writer', 'admin'] as const) {
    await api.json('POST', `/v1/datasets/${datasetId}/grants`, { userId: users[role].id, role });
  }
  const groupId = randomUUID();
  await app.database.query('INSERT INTO groups (id, name) VALUES ($1::uuid, $1::text)', [groupId]);
  const membership = 'INSERT INTO group_members (group_id, user_id) VALUES ($1, $2)';
  await app.database.query(membership, [groupId, owner.id]);
  const { keyId } = await addKey(app, owner.id);
  return { datasetId, fileId, ownerId: owner.id, keyId, groupId };
}

/** Written down here once more, from what is promised and not from the code. */
function expected(operation: Operation, role: Role, key: Key, visibility: Visibility): Expected {
  if (operation.permission === 'public') return 'allowed';
  if ((BAD_KEYS as readonly string[]).includes(key)) return '401 unauthenticated';
  if (!isPermitted(operation.permission, role, key)) return '403 forbidden';
  if (operation.sample.private) {
    return RANKS[role] < RANKS.owner ? `404 ${operation.sample.private}` : 'allowed';
  }
  const needs = operation.role ? 'dataset' : operation.sample.needs;
  if (!needs) return 'allowed';
  const rank = rankOf(role, visibility);
  if (rank === 0) return `404 ${needs}-not-found`;
  return rank < RANKS[operation.role ?? 'reader'] ? '403 forbidden' : 'allowed';
}

function isPermitted(permission: Permission, role: Role, key: Key): boolean {
  if (permission === 'profile:read') return true;
  const isScoped = SCOPES[key]?.includes(permission) ?? true;
  return isScoped && (role === 'installation-admin' || !ADMIN_PERMISSIONS.has(permission));
}

const RANKS = { none: 0, reader: 1, writer: 2, admin: 3, owner: 4, 'installation-admin': 5 };

const rankOf = (role: Role, visibility: Visibility): number =>
  Math.max(RANKS[role], visibility === 'public' ? 1 : 0);

async function ask(
  { name, sample }: Operation,
  credential: string | null,
  fixture: Fixture,
): Promise<string> {
  const body = sample.body?.(fixture);
  const response = await fetch(new URL(sample.path(fixture), app.url), {
    method: name.split(' ')[0],
    headers: {
      ...(credential !== null && { Authorization: `Bearer ${credential}` }),
      ...(body && !(body instanceof FormData) && { 'Content-Type': 'application/json' }),
      ...sample.headers,
    },
    body: body instanceof FormData ? body : body && JSON.stringify(body),
  });
  const text = await response.text();
  const isProblem = response.headers.get('content-type')?.includes('problem+json');
  // An answer to HEAD has no body to tell.
  const code = isProblem
    ? text
      ? (JSON.parse(text) as { code: string }).code
      : unsaid(response)
    : '';
  return `${response.status} ${code}`.trim();
}

const unsaid = ({ status }: Response): string =>
  ({ 401: 'unauthenticated', 403: 'forbidden' })[status] ?? '';

/** Whatever a permitted request ends with, it is no refusal and no failure of the service. */
function agrees(answer: string, wanted: Expected): boolean {
  if (wanted !== 'allowed') return answer === wanted;
  return !/^(401|403|5\d\d)|404 (dataset|file|route|api-key)-not-found/.test(answer);
}

/** Every cell of these keys: what was asked, what was to come, what came, where they differ. */
async function differences(
  keys: readonly Key[],
  visibilities: readonly Visibility[] = VISIBILITIES,
): Promise<{ asked: number; unexpected: string[] }> {
  const unexpected: string[] = [];
  let asked = 0;
  for (const operation of operations) {
    for (const visibility of visibilities) {
      const cells = ROLES.flatMap((role) => keys.map((key) => [role, key] as const));
      await Promise.all(
        cells.map(async ([role, key]) => {
          const answer = await ask(operation, credentials[role][key], fixtures[visibility]);
          const wanted = expected(operation, role, key, visibility);
          asked += 1;
          if (agrees(answer, wanted)) return;
          unexpected.push(
            `${operation.name} by ${role}, key ${key}, ${visibility}: ${answer}, not ${wanted}`,
          );
        }),
      );
    }
  }
  return { asked, unexpected };
}

describe('Every route by every role with every kind of key', () => {
  it('has a sample for each operation of the document, and none besides', () => {
    expect(operations.map(({ name }) => name).sort()).toEqual(Object.keys(SAMPLES).sort());
  });

  it('is told 401 by whoever has no good key, whatever it asks for', async () => {
    const { asked, unexpected } = await differences(BAD_KEYS, ['public']);
    expect(unexpected).toEqual([]);
    expect(asked).toBe(operations.length * ROLES.length * BAD_KEYS.length);
  });

  it('is told what role, scope and visibility say', async () => {
    const { asked, unexpected } = await differences(GOOD_KEYS);
    expect(unexpected).toEqual([]);
    expect(asked).toBe(operations.length * VISIBILITIES.length * ROLES.length * GOOD_KEYS.length);
  }, 240_000);

  it('leaves what it asked about as it was', async () => {
    for (const { datasetId, fileId } of Object.values(fixtures)) {
      const content = await app.fetch(`/v1/datasets/${datasetId}/versions/1/content/a.csv`);
      expect(content.status).toBe(200);
      expect((await app.fetch(`/v1/files/${fileId}`)).status).toBe(200);
    }
  });
});
