import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Upload, type PreviousUpload, type UploadOptions, type UrlStorage } from 'tus-js-client';
import { startReplica } from '../support/callers.js';
import { startCluster, type Cluster } from '../support/cluster.js';
import { sha256Of } from '../support/history.js';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.js';
import { tusOf } from '../support/tus.js';

const MIB = 1024 * 1024;
const PART = 2 * MIB;
/** Headers of requests, and what was under way. */
const OVERHEAD = 100_000;

let cluster: Cluster;
let relay: TcpRelay;
beforeAll(async () => {
  cluster = await startCluster();
  relay = await startTcpRelay(cluster.steady.url);
});
afterEach(() => {
  relay.turnTo(cluster.steady.url);
  relay.onSent = () => undefined;
});
afterAll(async () => {
  relay.close();
  await cluster.stop();
});

/** Where a client remembers its uploads, as a browser does. */
class Remembered implements UrlStorage {
  private readonly uploads = new Map<string, PreviousUpload & { fingerprint: string }>();

  async findAllUploads(): Promise<PreviousUpload[]> {
    return [...this.uploads.values()];
  }

  async findUploadsByFingerprint(fingerprint: string): Promise<PreviousUpload[]> {
    return [...this.uploads.values()].filter((upload) => upload.fingerprint === fingerprint);
  }

  async removeUpload(key: string): Promise<void> {
    this.uploads.delete(key);
  }

  async addUpload(fingerprint: string, upload: PreviousUpload): Promise<string> {
    const urlStorageKey = `${fingerprint} ${this.uploads.size}`;
    this.uploads.set(urlStorageKey, { ...upload, urlStorageKey, fingerprint });
    return urlStorageKey;
  }
}

interface Client {
  upload: Upload;
  /** The id of the file. */
  done: Promise<number>;
}

function clientOf(content: Buffer, options: Partial<UploadOptions> = {}): Client {
  let upload!: Upload;
  const done = new Promise<number>((resolve, reject) => {
    upload = new Upload(content, {
      endpoint: `${relay.url}/v1/uploads`,
      headers: { Authorization: `Bearer ${cluster.steady.key}` },
      chunkSize: PART,
      metadata: { filename: 'big.bin' },
      retryDelays: Array.from({ length: 60 }, () => 300),
      onError: reject,
      onSuccess: ({ lastResponse }) => resolve(Number(lastResponse.getHeader('Stratum-File-Id'))),
      ...options,
    });
  });
  return { upload, done };
}

async function expectFile(id: number, content: Buffer): Promise<void> {
  expect(await cluster.steady.json(200, `/v1/files/${id}`)).toMatchObject({
    contentHash: `sha256:${sha256Of(content)}`,
    size: content.length,
    fileName: 'big.bin',
  });
  // Read back, and checked on the way.
  const read = await cluster.steady.fetch(`/v1/files/${id}/content`);
  expect(sha256Of(Buffer.from(await read.arrayBuffer()))).toBe(sha256Of(content));
}

/** Locks of processes that are dead run out; that takes 15 seconds otherwise. */
const lapse = (): Promise<unknown> =>
  cluster.steady.database.query('UPDATE uploads SET lock_until = now() WHERE lock_until > now()');

describe('The official client', () => {
  it('uploads in parts', async () => {
    const content = randomBytes(20 * MIB);
    const { upload, done } = clientOf(content);
    upload.start();
    await expectFile(await done, content);
  });

  it('uploads with the creation, without a length known before, and by POST alone', async () => {
    const content = randomBytes(3 * MIB);
    for (const options of [
      { uploadDataDuringCreation: true },
      { overridePatchMethod: true },
    ] satisfies Partial<UploadOptions>[]) {
      const { upload, done } = clientOf(content, options);
      upload.start();
      await expectFile(await done, content);
    }
  });

  it('uploads parts side by side', async () => {
    const content = randomBytes(9 * MIB + 5);
    const { upload, done } = clientOf(content, { parallelUploads: 3 });
    upload.start();
    await expectFile(await done, content);
  });

  it('ends an upload that it gives up', async () => {
    const content = randomBytes(8 * MIB);
    const { upload } = clientOf(content);
    const some = new Promise<void>((resolve) => (upload.options.onChunkComplete = () => resolve()));
    upload.start();
    await some;
    await upload.abort(true);
    const path = new URL(upload.url ?? '').pathname;
    expect((await tusOf(cluster.steady).head(path)).status).toBe(410);
  });

  it('goes on after it was destroyed amid a part, and sends no more than that part again', async () => {
    const content = randomBytes(20 * MIB);
    const urlStorage = new Remembered();
    const before = relay.sent;
    const first = clientOf(content, { urlStorage });
    first.upload.start();
    await new Promise<void>((resolve) => {
      relay.onSent = (total) => {
        if (total - before > 9 * MIB) resolve();
      };
    });
    await first.upload.abort();
    const second = clientOf(content, { urlStorage });
    const [previous] = await second.upload.findPreviousUploads();
    expect(previous?.uploadUrl).toMatch(/\/v1\/uploads\//);
    second.upload.resumeFromPreviousUpload(previous as PreviousUpload);
    second.upload.start();
    await expectFile(await second.done, content);
    expect(relay.sent - before).toBeLessThan(content.length + PART + OVERHEAD);
  });

  it('goes on when the server is killed amid a part', async () => {
    const content = randomBytes(20 * MIB);
    const first = await cluster.start();
    relay.turnTo(first.url);
    const before = relay.sent;
    const killed = new Promise<void>((resolve) => {
      relay.onSent = (total) => {
        if (total - before < 9 * MIB || first.process.killed) return;
        void first.kill().then(() => resolve());
      };
    });
    const { upload, done } = clientOf(content);
    upload.start();
    await killed;
    await lapse();
    const second = await cluster.start();
    relay.turnTo(second.url);
    await expectFile(await done, content);
    // Nothing but the part that was under way, and what was refused while the lock ran out.
    expect(relay.sent - before).toBeLessThan(content.length + 4 * PART + OVERHEAD);
  });
});

describe('Two replicas', () => {
  it('take turns with one upload', async () => {
    const content = randomBytes(2 * MIB);
    const other = await startReplica(cluster.steady);
    try {
      const [a, b] = [tusOf(cluster.steady), tusOf(other)];
      const path = await a.create({
        'Upload-Length': content.length,
        'Upload-Metadata': 'filename YmlnLmJpbg==',
      });
      let last: Response | undefined;
      const step = 300_000;
      // What the first knows of the bytes is out of date after the second.
      for (const [n, tus] of [a, b, a, a, b, b, a].entries()) {
        const from = n * step;
        last = await tus.patch(path, from, content.subarray(from, from + step));
        expect(last.status).toBe(204);
      }
      await expectFile(Number(last?.headers.get('stratum-file-id')), content);
    } finally {
      await other.stop();
    }
  });

  it('take turns after one was killed with bytes of a part on its disk', async () => {
    const content = randomBytes(200_000);
    const tus = tusOf(cluster.steady);
    const path = await tus.create({ 'Upload-Length': content.length });
    expect((await tus.patch(path, 0, content.subarray(0, 100_000))).status).toBe(204);
    // As a process leaves it that dies with the lock: other bytes lie beyond the offset.
    const id = path.split('/').at(-1) as string;
    await cluster.steady.database.query(
      'UPDATE uploads SET lock_token = gen_random_uuid(), lock_until = now() WHERE id = $1',
      [id],
    );
    const name = `blobs~${id.slice(0, 2)}~${id}`;
    const staged = join(cluster.steady.env.STRATUM_DATA_DIR, 'storage', '.staging', name);
    await appendFile(staged, randomBytes(300_000));
    const last = await tus.patch(path, 100_000, content.subarray(100_000));
    const fileId = last.headers.get('stratum-file-id');
    expect(await cluster.steady.json(200, `/v1/files/${fileId}`)).toMatchObject({
      contentHash: `sha256:${sha256Of(content)}`,
    });
  });
});

describe('After all of that', () => {
  it('every invariant holds and nothing is left over', async () => {
    expect(await cluster.breachesAtRest()).toEqual([]);
  });
});
