import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectProblem } from '../support/problems.js';
import { OFFSET_STREAM, tusOf, type Tus } from '../support/tus.js';
import { addUser } from '../support/users.js';

const MAX_BYTES = 5_000_000;
let app: TestApp;
let tus: Tus;

beforeAll(async () => {
  app = await startTestApp({ UPLOAD_MAX_BYTES: String(MAX_BYTES) });
  tus = tusOf(app);
});
afterAll(() => app.stop());

describe('What is said of tus', () => {
  it('is said to anybody who asks, with and without CORS', async () => {
    const other = await startTestApp({ CORS_ORIGINS: 'https://app.example.org' });
    try {
      for (const { url } of [app, other]) {
        const answer = await fetch(new URL('/v1/uploads', url), { method: 'OPTIONS' });
        expect(answer.status).toBe(204);
        expect(Object.fromEntries(answer.headers)).toMatchObject({
          'tus-resumable': '1.0.0',
          'tus-version': '1.0.0',
          'tus-extension':
            'creation,creation-with-upload,creation-defer-length,termination,expiration,checksum,concatenation',
          'tus-max-size': url === app.url ? String(MAX_BYTES) : expect.any(String),
          'tus-checksum-algorithm': 'sha256,sha1',
        });
      }
      const asked = await fetch(new URL('/v1/uploads', other.url), {
        method: 'OPTIONS',
        headers: {
          Origin: 'https://app.example.org',
          'Access-Control-Request-Method': 'PATCH',
          'Access-Control-Request-Headers': 'tus-resumable,upload-offset,upload-metadata',
        },
      });
      expect(asked.headers.get('access-control-allow-methods')).toContain('PATCH');
      expect(asked.headers.get('access-control-allow-headers')).toContain('upload-metadata');
      const created = await other.fetch('/v1/uploads', {
        method: 'POST',
        headers: {
          Origin: 'https://app.example.org',
          'Tus-Resumable': '1.0.0',
          'Upload-Length': '3',
        },
      });
      expect(created.headers.get('access-control-expose-headers')).toMatch(
        /Location.*Tus-Resumable.*Upload-Offset/,
      );
    } finally {
      await other.stop();
    }
  });

  it('lets clients name a method that they cannot send, with the rights of that method', async () => {
    const path = await tus.create({ 'Upload-Length': 3 });
    const patched = await tus.request(
      'POST',
      path,
      { 'X-HTTP-Method-Override': 'PATCH', 'Upload-Offset': 0, 'Content-Type': OFFSET_STREAM },
      'ab',
    );
    expect(`${patched.status} ${patched.headers.get('upload-offset')}`).toBe('204 2');
    const reader = await addUser(app, 'overrider', { scopes: ['files:read'] });
    const refused = await tusOf(reader).request('POST', path, {
      'X-HTTP-Method-Override': 'DELETE',
    });
    await expectProblem(refused, 403, 'forbidden');
    const ended = await tus.request('POST', path, { 'X-HTTP-Method-Override': 'DELETE' });
    expect(ended.status).toBe(204);
    const plain = await tus.request('POST', path);
    await expectProblem(plain, 404, 'route-not-found');
    // Elsewhere the header says nothing.
    const elsewhere = await app.fetch('/v1/files/preflight', {
      method: 'POST',
      headers: { 'X-HTTP-Method-Override': 'DELETE', 'Content-Type': 'application/json' },
      body: JSON.stringify({ digests: ['0'.repeat(64)] }),
    });
    expect(elsewhere.status).toBe(200);
  });
});
