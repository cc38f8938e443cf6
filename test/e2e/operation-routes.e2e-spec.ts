import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

describe('health', () => {
  it('says that the process lives', async () => {
    expect(await app.json(200, '/health/live')).toEqual({ status: 'up' });
  });

  it('says that database and storage answer', async () => {
    expect(await app.json(200, '/health/ready')).toEqual({
      status: 'up',
      checks: {
        database: { status: 'up' },
        collector: { status: 'up', brake: null },
        // With what the system has not, where it has not all that keeps its processes apart.
        engine: expect.objectContaining({ status: 'up', processes: 0, waiting: 0 }),
        storage: { status: 'up', backend: 'local', freeBytes: expect.any(Number) },
      },
    });
  });
});

describe('metrics', () => {
  it('counts uploads by whether they were deduplicated, and their bytes', async () => {
    await app.upload('counted');
    await app.upload('counted');
    const response = await app.fetch('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    const text = await response.text();
    expect(text).toContain('stratum_uploads_total{deduplicated="false"} 1\n');
    expect(text).toContain('stratum_uploads_total{deduplicated="true"} 1\n');
    expect(text).toContain('stratum_uploaded_bytes_total 14\n');
    expect(text).toContain('stratum_upload_slots_used 0\n');
    expect(text).toMatch(
      /request_duration_seconds_count\{method="POST",route="\/v1\/files",status="201"\} 2\n/,
    );
  });

  it('makes no series of ids or of unknown paths', async () => {
    await app.fetch('/v1/files/123456789');
    await app.fetch('/v1/files/123456789/content');
    await app.fetch('/some/unknown/path');
    const text = await (await app.fetch('/metrics')).text();
    expect(text).toContain('route="/v1/files/:id"');
    expect(text).not.toContain('123456789');
    expect(text).not.toContain('/some/unknown');
  });
});

describe('documentation', () => {
  it('serves the OpenAPI document with every route', async () => {
    const document = await app.json<{ openapi: string; paths: Record<string, object> }>(
      200,
      '/openapi.json',
    );
    expect(document.openapi).toMatch(/^3\./);
    const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes).toEqual(
      expect.arrayContaining([
        'POST /v1/files',
        'POST /v1/files/batch',
        'POST /v1/files/preflight',
        'GET /v1/files',
        'GET /v1/files/{id}',
        'GET /v1/files/{id}/content',
        'DELETE /v1/files/{id}',
        'GET /health/live',
        'GET /health/ready',
        'GET /metrics',
      ]),
    );
  });

  it('serves Swagger UI', async () => {
    const response = await app.fetch('/docs');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await response.text()).toContain('swagger-ui');
  });
});

describe('requests that no route takes', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['GET', '/v2/files'],
    ['GET', '/files'],
    ['PUT', '/v1/files'],
    ['PATCH', '/v1/files/1'],
    ['POST', '/v1/files/1'],
    ['DELETE', '/v1/files'],
    ['POST', '/health/live'],
    ['POST', '/metrics'],
    ['OPTIONS', '/v1/nothing'],
    ['GET', '/v1/files/1/content/more'],
    ['GET', '/v1/files/1/../../../etc/passwd%2f..'],
  ])('answers %s %s with 404', async (method, path) => {
    await expectProblem(await app.fetch(path, { method }), 404, 'route-not-found');
  });

  it('gives the request id back that the caller chose, and one of its own for a bad one', async () => {
    const chosen = await app.fetch('/nowhere', { headers: { 'X-Request-Id': 'trace-1' } });
    expect(chosen.headers.get('x-request-id')).toBe('trace-1');
    expect((await expectProblem(chosen, 404, 'route-not-found')).instance).toBe(
      'urn:request:trace-1',
    );
    const bad = await app.fetch('/nowhere', { headers: { 'X-Request-Id': '<script>' } });
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});
