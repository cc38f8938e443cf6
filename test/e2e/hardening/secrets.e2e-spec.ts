import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TEST_KEY } from '../../support/app.js';
import { datasetsApi } from '../../support/datasets.js';
import { dumpOf, issueKeys, leaksOf, strangeKey } from '../../support/hardening/secrets.js';
import { IS_FULL } from '../../support/hardening/tables.js';
import { createServicePlace, type ServicePlace } from '../../support/service-place.js';
import { startService, type Service } from '../../support/service.js';

const KEYS = IS_FULL ? 1000 : 50;
const PASSWORD = `password-${randomBytes(12).toString('hex')}`;
const CHOSEN = `chosen-by-the-operator-${randomBytes(12).toString('hex')}`;

let place: ServicePlace;
let service: Service;
let keys: string[];
beforeAll(async () => {
  place = await createServicePlace();
  const url = new URL(place.settings.DATABASE_URL);
  url.password = PASSWORD;
  service = await startService({
    ...place.settings,
    DATABASE_URL: url.href,
    STRATUM_BOOTSTRAP_KEY: CHOSEN,
    LOG_LEVEL: 'trace',
  });
  keys = await issueKeys(service, place.database, KEYS);
});
afterAll(async () => {
  await service.kill();
  await place.remove();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  service.fetch(path, { headers }).then(async (response) => {
    await response.arrayBuffer();
    return response.status;
  });

/** Everywhere that people put keys, right or wrong, and everything that is logged of it. */
async function show(key: string, number: number): Promise<void> {
  const bearer = { Authorization: `Bearer ${key}` };
  expect([200, 401]).toContain(await get('/v1/files', bearer));
  const places: (() => Promise<unknown>)[] = [
    () => get(`/v1/files?key=${key}`, { Authorization: '' }),
    () => get(`/v1/files?api_key=${key}&limit=1`, { Authorization: `Basic ${btoa(`a:${key}`)}` }),
    () => get(`/v1/search?q=a&access_token=${key}`),
    () => get(`/nowhere/${encodeURIComponent(key)}?${key}`),
    () => get('/v1/files', { ...bearer, Cookie: `key=${key}`, 'X-Api-Key': key }),
    () => get('/v1/files', { Authorization: `Bearer ${key}x`, Referer: `http://x/?key=${key}` }),
    () => post('/v1/files/preflight', { digests: [], apiKey: key }),
    () => post('/v1/datasets', { name: 7, description: key, unknown: key }),
    () => post('/v1/datasets', `{"key":"${key}"`),
    () => get('/v1/files/1', { ...bearer, Range: key, 'If-None-Match': key }),
    () => get('/v1/files', { ...bearer, 'X-Request-Id': key }),
    () => get(`/v1/datasets/${key}?q=${key}`),
  ];
  await places[number % places.length]!();
}

const post = (path: string, body: object | string) =>
  service
    .fetch(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    })
    .then((response) => response.arrayBuffer());

/** Failures are what is logged most of: the database goes away in the middle of things. */
async function failures(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const running = keys
      .slice(0, 20)
      .map((key) => get('/v1/datasets', { Authorization: `Bearer ${key}` }));
    await place.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await Promise.all(running);
  }
}

async function filesOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

describe('a secret', () => {
  it('is in no log, no dump of the database, no file and no public answer', async () => {
    const wrong = Array.from({ length: KEYS }, () => strangeKey());
    const secrets = [CHOSEN, ...keys, ...wrong, PASSWORD];
    const datasets = datasetsApi(service);
    const fileId = await datasets.upload('a,b\n1,2\n');
    await datasets.create({ name: 'Secrets', files: [{ path: 'a.csv', fileId }] });
    for (const [number, key] of [...keys, ...wrong].entries()) await show(key, number);
    for (let number = 0; number < 12; number += 1) await show(CHOSEN, number);
    await failures();
    // What is logged comes out in a moment.
    await delay(500);

    const output = service.output();
    expect(output).toContain('request completed');
    expect(leaksOf(output, secrets)).toEqual([]);
    const dump = await dumpOf(place.database);
    expect(dump).toContain('Secrets');
    expect(leaksOf(dump, secrets)).toEqual([]);
    expect(leaksOf(await filesOf(place.dataDir), secrets)).toEqual([]);
    for (const path of ['/health/ready', '/metrics', '/openapi.json', '/docs']) {
      const text = await (await service.fetch(path)).text();
      expect([path, leaksOf(text, secrets)]).toEqual([path, []]);
    }
  }, 900_000);

  it('would have been found', () => {
    const key = keys[0]!;
    const spellings = [key, Buffer.from(key).toString('hex'), Buffer.from(key).toString('base64')];
    for (const spelling of spellings) {
      expect(leaksOf(`x ${spelling} y`, [TEST_KEY, key])).toHaveLength(1);
    }
  });
});
