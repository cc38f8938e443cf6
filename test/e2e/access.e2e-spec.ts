import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, TEST_KEY, type TestApp } from '../support/app.js';
import { expectNothingLeft } from '../support/leftovers.js';
import { expectProblem } from '../support/problems.js';
import { rawExchange } from '../support/raw-http.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(async () => {
  await expectNothingLeft(app);
  await app.stop();
});

const GUARDED = [
  ['POST', '/v1/files'],
  ['POST', '/v1/files/batch'],
  ['POST', '/v1/files/preflight'],
  ['GET', '/v1/files'],
  ['GET', '/v1/files/1'],
  ['DELETE', '/v1/files/1'],
  ['GET', '/v1/files/1/content'],
  ['GET', '/metrics'],
] as const;

const PUBLIC = ['/health/live', '/health/ready', '/docs', '/openapi.json'];

/** A request with just these headers, not even a key. */
const bare = (method: string, path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, app.url), {
    method,
    headers,
    ...(method === 'POST' && { body: 'x'.repeat(10_000) }),
  });

async function expectRefused(response: Response): Promise<void> {
  expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
  await expectProblem(response, 401, 'unauthenticated');
}

/** As a generated key is made, but with a checksum that is not its own. */
const WRONG_CHECKSUM = `stratum_${'A'.repeat(43)}_00000000`;

describe('a route that needs a key', () => {
  it.each(GUARDED)('%s %s is closed without one', async (method, path) => {
    await expectRefused(await bare(method, path));
  });

  it('HEAD of content is closed without one', async () => {
    const response = await bare('HEAD', '/v1/files/1/content');
    expect([response.status, response.headers.has('www-authenticate')]).toEqual([401, true]);
  });

  it.each([
    '',
    'Bearer',
    'Bearer ',
    `Bearer${TEST_KEY}`,
    TEST_KEY,
    `Basic ${Buffer.from(`admin:${TEST_KEY}`).toString('base64')}`,
    `Token ${TEST_KEY}`,
    `Bearer ${TEST_KEY}x`,
    `Bearer ${TEST_KEY.slice(0, -1)}`,
    `Bearer ${TEST_KEY.toUpperCase()}`,
    `Bearer ${TEST_KEY} ${TEST_KEY}`,
    `Bearer ${TEST_KEY}, Bearer ${TEST_KEY}`,
    `Bearer ${WRONG_CHECKSUM}`,
    'Bearer \u00ff\u00fe',
    `Bearer ${'x'.repeat(8000)}`,
    "Bearer ' OR 1=1 --",
    'Bearer null',
  ])('is closed to %j', async (authorization) => {
    await expectRefused(await bare('GET', '/v1/files', { Authorization: authorization }));
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('is open to the key after %s', async (scheme) => {
    const headers = { Authorization: `${scheme} ${TEST_KEY}` };
    expect((await bare('GET', '/v1/files', headers)).status).toBe(200);
  });

  it('is closed to a key in the query or in a body', async () => {
    await expectRefused(await bare('GET', `/v1/files?access_token=${TEST_KEY}`));
    await expectRefused(await bare('GET', '/v1/files', { Cookie: `key=${TEST_KEY}` }));
  });

  it.each([
    ['/v1/files', 'multipart/form-data; boundary=x'],
    ['/v1/files/preflight', 'application/json'],
    ['/v1/files/preflight', 'text/plain'],
  ])('is closed before a byte of the body is asked for: %s, %s', async (path, type) => {
    const head =
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n` +
      `Content-Type: ${type}\r\n\r\n`;
    await expectProblem(await rawExchange(app, head), 401, 'unauthenticated');
  });

  it('says 403 to a key without the scope', async () => {
    const key = 'a-reader-without-any-rights-0123456789';
    await app.database.query(
      `WITH owner AS (INSERT INTO users (name) VALUES ('nobody') RETURNING id)
       INSERT INTO api_keys (user_id, name, key_hash, scopes)
       SELECT id, 'nobody', $1, '{}' FROM owner`,
      [createHash('sha256').update(key).digest()],
    );
    for (const [method, path] of GUARDED) {
      const response = await bare(method, path, { Authorization: `Bearer ${key}` });
      const { detail } = await expectProblem(response, 403, 'forbidden');
      expect(detail).not.toContain(key);
    }
  });

  it('never repeats the key it was shown', async () => {
    const headers = { Authorization: `Bearer ${WRONG_CHECKSUM}` };
    const response = await bare('GET', '/v1/files', headers);
    expect(await response.text()).not.toContain(WRONG_CHECKSUM);
    expect(JSON.stringify([...response.headers])).not.toContain(WRONG_CHECKSUM);
  });
});

describe('a public route', () => {
  it.each(PUBLIC)('%s is open without a key, and with a wrong one', async (path) => {
    expect((await bare('GET', path)).status).toBe(200);
    expect((await bare('GET', path, { Authorization: 'Bearer wrong' })).status).toBe(200);
  });

  it('is one of those and no other of the documented ones', async () => {
    const { paths } = await app.json<{ paths: Record<string, Record<string, unknown>> }>(
      200,
      '/openapi.json',
    );
    for (const [path, operations] of Object.entries(paths)) {
      for (const method of Object.keys(operations)) {
        const response = await bare(method.toUpperCase(), path.replace('{id}', '1'));
        await response.arrayBuffer();
        // What of tus is spoken here is asked before anything is known of the caller.
        expect([method, path, response.status]).toEqual([
          method,
          path,
          method === 'options' ? 204 : PUBLIC.includes(path) ? 200 : 401,
        ]);
      }
    }
  });
});
