import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';

let app: TestApp;
const start = async (settings: Record<string, string> = {}) => (app = await startTestApp(settings));
afterEach(() => app.stop());

const ORIGIN = 'https://app.example.org';

describe('What browsers are told', () => {
  it('of every answer: to run, show and guess nothing', async () => {
    await start();
    const fileId = await datasetsApi(app).upload('a');
    for (const path of [
      '/v1/files',
      '/v1/files/999',
      '/v1/nothing',
      '/openapi.json',
      '/health/live',
      '/docs',
      `/v1/files/${fileId}/content`,
    ]) {
      const { headers } = await app.fetch(path);
      expect([path, Object.fromEntries(headers)]).toEqual([
        path,
        expect.objectContaining({
          'content-security-policy': expect.stringContaining("default-src 'none'"),
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
        }),
      ]);
      // TLS is the proxy's.
      expect(headers.has('strict-transport-security')).toBe(false);
      expect(headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
      expect(headers.has('x-powered-by')).toBe(false);
    }
    const policyOf = async (path: string) =>
      (await app.fetch(path)).headers.get('content-security-policy');
    expect(await policyOf('/v1/files')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(await policyOf(`/v1/files/${fileId}/content`)).toMatch(/^sandbox;/);
    expect(await policyOf('/docs/swagger-ui-init.js')).toContain("script-src 'self';");
    expect(await policyOf('/docsx')).not.toContain('script-src');
  });

  it('of other origins: nothing, when none is set', async () => {
    await start();
    const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST' };
    const preflight = await app.fetch('/v1/files', { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(404);
    for (const answer of [preflight, await app.fetch('/v1/files', { headers })]) {
      expect(
        [...answer.headers.keys()].filter((name) => name.startsWith('access-control')),
      ).toEqual([]);
    }
  });

  it('of origins that are set: what they may send and read, without cookies', async () => {
    await start({ CORS_ORIGINS: `${ORIGIN}, http://localhost:5173`, RATE_LIMIT_PER_ADDRESS: '1' });
    const preflight = (origin: string) =>
      fetch(new URL('/v1/files', app.url), {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'PATCH',
          'Access-Control-Request-Headers': 'authorization,if-match',
        },
      });
    for (const origin of [ORIGIN, 'http://localhost:5173']) {
      const { status, headers } = await preflight(origin);
      expect(status).toBe(204);
      expect(Object.fromEntries(headers)).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': expect.stringMatching(/\bPATCH\b/),
        'access-control-allow-headers': 'authorization,if-match',
        'access-control-max-age': '7200',
        vary: expect.stringMatching(/\bOrigin\b/),
      });
      expect(headers.has('access-control-allow-credentials')).toBe(false);
    }
    for (const origin of ['https://evil.example.org', `${ORIGIN}.evil.org`, 'null']) {
      expect((await preflight(origin)).headers.has('access-control-allow-origin')).toBe(false);
    }
    // An answer that is a failure can be read, too.
    for (const path of ['/v1/files', '/v1/files/999']) {
      const { headers } = await app.fetch(path, { headers: { Origin: ORIGIN } });
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      const exposed = headers.get('access-control-expose-headers')?.split(',');
      expect(exposed).toEqual(
        expect.arrayContaining(['ETag', 'Location', 'RateLimit', 'Retry-After', 'X-Request-Id']),
      );
    }
    const same = await app.fetch('/v1/files');
    expect([same.status, same.headers.has('access-control-allow-origin')]).toEqual([200, false]);
  });
});
