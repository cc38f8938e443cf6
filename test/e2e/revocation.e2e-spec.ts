import { once } from 'node:events';
import { request as http, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KnownPrincipals } from '../../src/access/authentication/known-principals.service.js';
import { createApp } from '../../src/app.js';
import { createApi, type Api } from '../support/api.js';
import { startTestApp, TEST_KEY, type TestApp } from '../support/app.js';
import { makeKey, peopleApi, revokeKey, rotateKey, send, type ApiKey } from '../support/people.js';

/** By then another replica has been told, however busy the machine is. */
const TOLD_MS = 20_000;
/** As long as it would remember a caller here if it were not told. */
const REMEMBERED_MS = 3_600_000;

let app: TestApp;
let other: NestExpressApplication;
let otherUrl: string;
let people: ReturnType<typeof peopleApi>;
beforeAll(async () => {
  app = await startTestApp();
  other = await createApp(app.env, { url: app.database.url });
  await other.listen(0, '127.0.0.1');
  otherUrl = await other.getUrl();
  const principals = other.get(KnownPrincipals, { strict: false });
  (principals as unknown as { known: { ttl: number } }).known.ttl = REMEMBERED_MS;
  people = peopleApi(app);
  while ((await listeners()) < 2) await delay(20);
});
afterAll(async () => {
  other.getHttpServer().closeAllConnections();
  await other.close();
  await app.stop();
});

const listeners = async () =>
  (
    await app.database.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = 'stratum-listen' AND query LIKE 'LISTEN%' AND state = 'idle'`,
    )
  ).length;

const elsewhere = (key: string): Api => createApi(otherUrl, key);
const status = async (api: Api) => (await api.fetch('/v1/me')).status;

/** Whether the other replica, which remembers the caller, comes to see it. */
async function isTold(isSeen: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + TOLD_MS;
  while (!(await isSeen())) {
    if (Date.now() > deadline) return false;
    await delay(5);
  }
  return true;
}

let count = 0;
/** A member whom both replicas remember. */
async function remembered(): Promise<{ name: string; key: ApiKey; there: Api }> {
  const name = `user-${(count += 1)}`;
  await people.user(name);
  const key = await people.key({ userId: name });
  const there = elsewhere(key.key);
  expect([await status(there), await status(people.as(key.key))]).toEqual([200, 200]);
  return { name, key, there };
}

/** A request whose body is sent in two halves, with something in between. */
async function halved(
  key: string,
  path: string,
  type: string,
  body: string,
  between: () => Promise<unknown>,
): Promise<number> {
  const request = http(new URL(path, app.url), {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${key}`,
      'Content-Type': type,
      'Content-Length': body.length,
    },
  });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.write(body.slice(0, 5));
  // As long as the guard needs to let it in.
  await delay(200);
  await between();
  request.end(body.slice(5));
  const [response] = await answered;
  response.resume();
  return response.statusCode ?? 0;
}

describe('A request whose body is still coming', () => {
  const BODIES: readonly [string, string, string][] = [
    ['/v1/datasets', 'application/json', '{"name":"Too late"}'],
    ['/v1/files', 'text/csv', 'a,b\n1,2\n'],
  ];

  it.each(BODIES)('is refused when its key is revoked meanwhile: %s', async (path, type, body) => {
    const { key } = await remembered();
    const status = await halved(key.key, path, type, body, () => revokeKey(app, key.id));
    expect(status).toBe(401);
  });

  it.each(BODIES)('is refused when its user is removed meanwhile: %s', async (path, type, body) => {
    const { key, name } = await remembered();
    const remove = () => app.fetch(`/v1/users/${name}`, { method: 'DELETE' });
    expect(await halved(key.key, path, type, body, remove)).toBe(401);
  });

  it('makes nobody an admin when its user no longer is one', async () => {
    const { key, name } = await remembered();
    await send(app, 'PATCH', `/v1/users/${name}`, { isAdmin: true });
    expect((await people.as(key.key).fetch('/v1/audit')).status).toBe(200);
    const demote = () => send(app, 'PATCH', `/v1/users/${name}`, { isAdmin: false });
    const body = `{"name":"made-by-${name}","isAdmin":true}`;
    expect(await halved(key.key, '/v1/users', 'application/json', body, demote)).toBe(403);
  });
});

describe('Another replica', () => {
  it('refuses a key soon after it was revoked here', async () => {
    const { key, there } = await remembered();
    expect((await revokeKey(app, key.id)).status).toBe(204);
    expect(await isTold(async () => (await status(there)) === 401)).toBe(true);
  });

  it('refuses a key soon after it was rotated here', async () => {
    const { key, there } = await remembered();
    expect((await rotateKey(app, key.id)).status).toBe(201);
    expect(await isTold(async () => (await status(there)) === 401)).toBe(true);
  });

  it('refuses a user soon after it was disabled here', async () => {
    const { name, there } = await remembered();
    await send(app, 'PATCH', `/v1/users/${name}`, { disabled: true });
    expect(await isTold(async () => (await status(there)) === 401)).toBe(true);
  });

  it('lets an admin do no more soon after it was demoted here', async () => {
    const { name, there } = await remembered();
    const isAdmin = async () => (await there.fetch('/v1/users/admin')).status === 200;
    await send(app, 'PATCH', `/v1/users/${name}`, { isAdmin: true });
    expect(await isTold(isAdmin)).toBe(true);
    await send(app, 'PATCH', `/v1/users/${name}`, { isAdmin: false });
    expect(await isTold(async () => !(await isAdmin()))).toBe(true);
  });

  it('knows soon what it missed while it had no connection', async () => {
    const { key, there } = await remembered();
    await app.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'stratum-listen'`,
    );
    expect((await revokeKey(app, key.id)).status).toBe(204);
    expect(await isTold(async () => (await status(there)) === 401)).toBe(true);
    while ((await listeners()) < 2) await delay(20);
  });

  it('lets in at once whoever got a key here', async () => {
    const made = (await (await makeKey(app, {})).json()) as ApiKey;
    expect(await status(elsewhere(made.key))).toBe(200);
    expect(await status(elsewhere(TEST_KEY))).toBe(200);
  });
});
