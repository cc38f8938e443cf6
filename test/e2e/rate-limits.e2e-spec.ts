import { afterEach, describe, expect, it } from '@jest/globals';
import { parseList } from 'structured-headers';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, startReplica } from '../support/callers.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
const cleanUps: (() => Promise<unknown>)[] = [];
const start = async (settings: Record<string, string>) => (app = await startTestApp(settings));
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  await app.stop();
});

/** Waits for the next minute when this one is about to end: what a test counts lies in one window. */
async function atLeastSeconds(seconds: number): Promise<void> {
  const left = 60 - ((Date.now() / 1000) % 60);
  if (left < seconds) await new Promise((resolve) => setTimeout(resolve, left * 1000 + 100));
}

/** Counts in one window, however slow the machine is: once more from the next minute on if it took longer. */
async function inOneMinute<T>(count: () => Promise<T>): Promise<T> {
  for (let seconds = 15; ; seconds = 60) {
    await atLeastSeconds(seconds);
    const begun = Math.floor(Date.now() / 60_000);
    const counted = await count();
    if (Math.floor(Date.now() / 60_000) === begun) return counted;
  }
}

/** A request with these headers alone, not even a key. */
const bare = (api: Api, path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, api.url), { headers });

const statuses = async (requests: Promise<Response>[]): Promise<Record<number, number>> => {
  const counted: Record<number, number> = {};
  for (const response of await Promise.all(requests)) {
    await response.arrayBuffer();
    counted[response.status] = (counted[response.status] ?? 0) + 1;
  }
  return counted;
};
const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));

const policyOf = (response: Response, name: string) => {
  const [[policy, parameters] = []] = parseList(response.headers.get(name) ?? '') as [
    string,
    Map<string, number>,
  ][];
  return { policy, ...Object.fromEntries(parameters ?? []) };
};

describe('The limit of a key', () => {
  it('is said in every answer, and by 429 when it is used up', async () => {
    await start({ RATE_LIMIT_PER_KEY: '3' });
    await atLeastSeconds(10);
    for (const [path, status, r] of [
      ['/v1/files', 200, 2],
      ['/v1/files/1', 404, 1],
      ['/v1/files?limit=x', 400, 0],
    ] as const) {
      const response = await app.fetch(path);
      expect(response.status).toBe(status);
      expect(policyOf(response, 'ratelimit-policy')).toEqual({ policy: 'key', q: 3, w: 60 });
      expect(policyOf(response, 'ratelimit')).toEqual({ policy: 'key', r, t: expect.any(Number) });
    }
    const refused = await app.fetch('/v1/files');
    const { t, r } = policyOf(refused, 'ratelimit') as unknown as { t: number; r: number };
    expect([r, refused.headers.get('retry-after')]).toEqual([0, String(t)]);
    expect(t).toBeGreaterThan(0);
    expect(t).toBeLessThanOrEqual(60);
    await expectProblem(refused, 429, 'rate-limited');
    // What came too often was not carried out.
    await expectProblem(await app.upload('x'), 429, 'rate-limited');
    // Another key has a limit of its own; who needs none is not counted.
    const other = await addCaller(app, 'other');
    expect((await other.fetch('/v1/files')).status).toBe(200);
    expect((await app.fetch('/health/live')).status).toBe(200);
  });

  it('is one for all replicas, exactly', async () => {
    await start({ RATE_LIMIT_PER_KEY: '20' });
    const replica = await startReplica(app);
    cleanUps.push(() => replica.stop());
    const at = (n: number) => (n % 2 === 0 ? app : replica);
    const answers = await inOneMinute(() => statuses(times(60, (n) => at(n).fetch('/v1/files'))));
    expect(answers).toEqual({ 200: 20, 429: 40 });
  });

  it('of many requests costs few statements', async () => {
    await start({ RATE_LIMIT_PER_KEY: '100000' });
    await atLeastSeconds(10);
    for (const batch of times(10, (n) => n)) {
      expect(await statuses(times(20, () => app.fetch(`/v1/files?limit=${batch + 1}`)))).toEqual({
        200: 20,
      });
    }
    const [row] = await app.database.query(
      'SELECT taken, granted FROM rate_limits WHERE subject LIKE $1',
      ['key:%'],
    );
    expect(row).toEqual({ taken: 5000, granted: 5000 });
  });

  it('begins anew with the next minute', async () => {
    await start({ RATE_LIMIT_PER_KEY: '5' });
    await app.database.query(
      `INSERT INTO rate_limits SELECT 'key:' || id, date_bin('1 minute', now(), 'epoch')
         - interval '1 minute', 5, 0 FROM api_keys`,
    );
    await atLeastSeconds(5);
    expect((await app.fetch('/v1/files')).status).toBe(200);
  });

  it('is none with 0', async () => {
    await start({ RATE_LIMIT_PER_KEY: '0', RATE_LIMIT_PER_ADDRESS: '0' });
    const response = await app.fetch('/v1/files');
    expect([response.status, response.headers.has('ratelimit')]).toEqual([200, false]);
    expect((await bare(app, '/v1/files')).status).toBe(401);
    expect(await app.database.query('SELECT * FROM rate_limits')).toEqual([]);
  });

  it('lets requests through when the database counts none', async () => {
    await start({ RATE_LIMIT_PER_KEY: '1' });
    await app.database.query('ALTER TABLE rate_limits RENAME TO away');
    expect(await statuses(times(5, () => app.fetch('/v1/files')))).toEqual({ 200: 5 });
  });
});

describe('The limit of an address', () => {
  const WRONG = { Authorization: `Bearer ${'wrong-key-'.repeat(5)}` };

  it('counts requests without a key and with wrong ones, on all replicas together', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '6' });
    const replica = await startReplica(app);
    cleanUps.push(() => replica.stop());
    await atLeastSeconds(10);
    const first = await bare(app, '/v1/files', WRONG);
    expect(policyOf(first, 'ratelimit')).toMatchObject({ policy: 'address', r: 5 });
    await expectProblem(first, 401, 'unauthenticated');
    const requests = times(12, (n) =>
      bare(n % 2 === 0 ? app : replica, '/v1/files', n % 3 === 0 ? WRONG : {}),
    );
    expect(await statuses(requests)).toEqual({ 401: 5, 429: 7 });
    await expectProblem(await bare(app, '/docs'), 429, 'rate-limited');
    expect((await bare(app, '/health/ready')).status).toBe(200);
  });

  it('is not met by who shows a good key', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '2' });
    expect(await statuses(times(10, () => app.fetch('/v1/files')))).toEqual({ 200: 10 });
  });

  it('asks for no more keys when it is over, and knows those that were good lately', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '2' });
    const late = await addCaller(app, 'late');
    await atLeastSeconds(10);
    await bare(app, '/v1/files', WRONG);
    expect((await app.fetch('/v1/files')).status).toBe(200);
    await bare(app, '/v1/files', WRONG);
    await expectProblem(await bare(app, '/v1/files', WRONG), 429, 'rate-limited');
    await expectProblem(await late.fetch('/v1/files'), 429, 'rate-limited');
    expect((await app.fetch('/v1/files')).status).toBe(200);
  });

  it('counts wrong keys also where there is no route, and good ones not', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '2' });
    await atLeastSeconds(10);
    expect((await app.fetch('/v1/files')).status).toBe(200);
    for (let n = 0; n < 4; n += 1) expect((await app.fetch('/v1/nowhere')).status).toBe(404);
    const answers: number[] = [];
    while (answers.at(-1) !== 429 && answers.length < 6) {
      answers.push((await bare(app, '/v1/datasets/a/b/c/d', WRONG)).status);
    }
    // It is counted when it is answered: another may come by meanwhile.
    expect(answers.slice(0, 2)).toEqual([404, 404]);
    expect(answers.at(-1)).toBe(429);
    expect((await bare(app, '/v1/files', WRONG)).status).toBe(429);
    expect((await app.fetch('/v1/nowhere')).status).toBe(404);
  });

  it('does not believe X-Forwarded-For of anybody', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '2' });
    await atLeastSeconds(5);
    const spoofed = times(4, (n) => bare(app, '/v1/files', { 'X-Forwarded-For': `192.0.2.${n}` }));
    expect(await statuses(spoofed)).toEqual({ 401: 2, 429: 2 });
  });

  it('believes as many proxies as there are', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '2', TRUST_PROXY_HOPS: '1' });
    await atLeastSeconds(10);
    // What the client claims to be stands before what the one proxy has added.
    const by = (claimed: string, seen: string) =>
      bare(app, '/v1/files', { 'X-Forwarded-For': `${claimed}, ${seen}` });
    expect(await statuses(times(4, (n) => by(`192.0.2.${n}`, '198.51.100.1')))).toEqual({
      401: 2,
      429: 2,
    });
    // Whoever has a /64 is one client, however many addresses it is.
    expect(await statuses(times(4, (n) => by('x', `2001:db8:0:7::${n}`)))).toEqual({
      401: 2,
      429: 2,
    });
    expect((await by('x', '2001:db8:0:8::1')).status).toBe(401);
    const subjects = await app.database.query<{ subject: string }>(
      'SELECT subject FROM rate_limits ORDER BY subject',
    );
    expect(subjects.map(({ subject }) => subject)).toEqual([
      'address:198.51.100.1',
      'address:2001:db8:0:7::/64',
      'address:2001:db8:0:8::/64',
    ]);
  });
});
