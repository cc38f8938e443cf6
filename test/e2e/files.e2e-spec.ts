import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('POST /v1/files', () => {
  it('stores a file and serves it back byte for byte', async () => {
    const content = randomBytes(3_000_000);
    const response = await app.upload(content, { fileName: 'random.bin' });
    expect(response.status).toBe(201);
    const file = (await response.json()) as { id: number; contentHash: string };
    expect(file.contentHash).toBe(`sha256:${sha256(content)}`);
    expect(response.headers.get('location')).toBe(`/v1/files/${file.id}`);
    const back = await app.fetch(`/v1/files/${file.id}/content`);
    expect(Buffer.from(await back.arrayBuffer()).equals(content)).toBe(true);
  });
});
