import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { sha256Of } from '../support/history.js';
import { expectProblem } from '../support/problems.js';
import { checksumOf, metadataOf, OFFSET_STREAM, tusOf, type Tus } from '../support/tus.js';
import { addUser } from '../support/users.js';

const MAX_BYTES = 5_000_000;
let app: TestApp;
let tus: Tus;

beforeAll(async () => {
  app = await startTestApp({ UPLOAD_MAX_BYTES: String(MAX_BYTES) });
  tus = tusOf(app);
});
afterAll(() => app.stop());

const fileOf = (response: Response): number => Number(response.headers.get('stratum-file-id'));

async function contentOf(id: number): Promise<Buffer> {
  const response = await app.fetch(`/v1/files/${id}/content`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

describe('an upload', () => {
  it('comes in parts and is a file with the last of them', async () => {
    const content = randomBytes(1_200_000);
    const metadata = metadataOf({
      filename: 'täg.csv',
      mimeType: 'text/csv',
      sha256: sha256Of(content),
      relativePath: 'mine/täg.csv',
    });
    const created = await tus.request('POST', '/v1/uploads', {
      'Upload-Length': content.length,
      'Upload-Metadata': metadata,
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('tus-resumable')).toBe('1.0.0');
    expect(Date.parse(created.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now());
    const path = created.headers.get('location') ?? '';
    for (const [from, to] of [
      [0, 1],
      [1, 700_000],
      [700_000, 1_199_999],
    ] as const) {
      const patched = await tus.patch(path, from, content.subarray(from, to));
      expect(patched.status).toBe(204);
      expect(patched.headers.get('upload-offset')).toBe(String(to));
      expect(patched.headers.get('stratum-file-id')).toBeNull();
      const head = await tus.head(path);
      expect(Object.fromEntries(head.headers)).toMatchObject({
        'upload-offset': String(to),
        'upload-length': String(content.length),
        'upload-metadata': metadata,
        'cache-control': 'no-store',
        'tus-resumable': '1.0.0',
      });
    }
    const last = await tus.patch(path, 1_199_999, content.subarray(1_199_999));
    expect(last.status).toBe(204);
    const id = fileOf(last);
    expect(await contentOf(id)).toEqual(content);
    expect(await app.json(200, `/v1/files/${id}`)).toMatchObject({
      contentHash: `sha256:${sha256Of(content)}`,
      size: content.length,
      fileName: 'täg.csv',
      fileType: 'csv',
      mimeType: 'text/csv',
    });
    const head = await tus.head(path);
    expect(fileOf(head)).toBe(id);
    expect(head.headers.get('upload-offset')).toBe(String(content.length));
    // Whoever did not hear the last answer hears it again.
    const again = await tus.patch(path, content.length, '');
    expect(`${again.status} ${fileOf(again)}`).toBe(`204 ${id}`);
  });
});
void [randomUUID, expectProblem, checksumOf, OFFSET_STREAM, addUser];
