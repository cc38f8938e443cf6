import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../support/app.js';
import { datasetsApi } from '../../support/datasets.js';

/** What browsers run or show, under its own type and under others. */
const ACTIVE: [fileName: string, mimeType: string, content: string][] = [
  ['page.html', 'text/html', '<script>alert(1)</script>'],
  ['page.xhtml', 'application/xhtml+xml', '<html xmlns="http://www.w3.org/1999/xhtml"/>'],
  ['image.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(2)"/>'],
  ['data.xml', 'text/xml', '<?xml-stylesheet href="javascript:alert(3)"?><a/>'],
  ['paper.pdf', 'application/pdf', '%PDF-1.7 /JS (app.alert(4))'],
  ['code.js', 'text/javascript', 'alert(5)'],
  ['old.mht', 'multipart/related', 'MIME-Version: 1.0\r\n\r\n<script>alert(6)</script>'],
  ['looks.csv', 'text/csv', '<html><script>alert(7)</script>'],
  ['looks.png', 'image/png', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(8)"/>'],
  ['looks.txt', 'text/plain', '\ufeff<!DOCTYPE html><script>alert(9)</script>'],
  ['nothing', 'application/octet-stream', '<script>alert(10)</script>'],
  ['a.html;.csv', 'text/html', '<script>alert(11)</script>'],
];

let app: TestApp;
let paths: string[];
beforeAll(async () => {
  app = await startTestApp();
  const datasets = datasetsApi(app);
  const files: { path: string; fileId: number }[] = [];
  for (const [fileName, mimeType, content] of ACTIVE) {
    const response = await app.upload(content, { fileName, fields: { mimeType } });
    files.push({ path: fileName, fileId: ((await response.json()) as { id: number }).id });
  }
  const { id } = await datasets.create({ name: '<script>', files });
  const version = `/v1/datasets/${id}/versions/1`;
  paths = [
    ...files.map(({ fileId }) => `/v1/files/${fileId}/content`),
    ...files.map(({ path }) => `${version}/content/${encodeURIComponent(path)}`),
    `${version}/overlay`,
    `${version}/archive`,
  ];
});
afterAll(() => app.stop());

const RANGES = { one: { Range: 'bytes=0-3' }, several: { Range: 'bytes=0-1,3-4' } };

describe('content that a browser could run', () => {
  it('is an attachment in a sandbox, and never guessed, on every route and in every form', async () => {
    expect(paths).toHaveLength(2 * ACTIVE.length + 2);
    for (const path of paths) {
      for (const init of [
        {},
        { method: 'HEAD' },
        { headers: RANGES.one },
        { headers: RANGES.several },
        { headers: { Accept: 'text/html', 'Sec-Fetch-Dest': 'document' } },
      ]) {
        const response = await app.fetch(path, init);
        await response.arrayBuffer();
        const of = [path, init, response.status];
        expect([...of, headersOf(response)]).toEqual([
          ...of,
          {
            disposition: expect.stringMatching(/^attachment(;|$)/),
            policy: "sandbox; default-src 'none'",
            sniffing: 'nosniff',
            embedding: 'same-origin',
          },
        ]);
        expect([...of, response.status < 300]).toEqual([...of, true]);
      }
    }
  });

  const headersOf = ({ headers }: Response) => ({
    disposition: headers.get('content-disposition'),
    policy: headers.get('content-security-policy'),
    sniffing: headers.get('x-content-type-options'),
    embedding: headers.get('cross-origin-resource-policy'),
  });
});

describe('every other answer', () => {
  it.each(['/health/live', '/v1/files', '/v1/files/0', '/nowhere', '/docs', '/v1/files/%ff'])(
    'says that it may not be guessed, framed or fed with scripts: %s',
    async (path) => {
      const { headers } = await app.fetch(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      const policy = headers.get('content-security-policy')?.split(';');
      expect(policy).toEqual(
        expect.arrayContaining(["default-src 'none'", "frame-ancestors 'none'"]),
      );
      const scripts = policy?.filter((one) => one.startsWith('script-src'));
      expect(scripts).toEqual(path === '/docs' ? ["script-src 'self'"] : []);
    },
  );

  it('is Swagger UI with scripts of this origin only', async () => {
    const html = await (await app.fetch('/docs')).text();
    const scripts = html.match(/<script[^>]*>[^<]*/g) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(script).toMatch(/^<script src="\.?\/?docs\/[\w.-]+"> *$/);
  });
});
