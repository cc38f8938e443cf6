import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditSealer } from '../../src/access/audit/chain/audit-sealer.service.js';
import { startCluster, type Cluster } from '../support/cluster.js';
import { peakResidentBytes, residentBytes } from '../support/resident-memory.js';
import type { Service } from '../support/service.js';

const MIB = 1024 * 1024;
const LARGE_MIB = Number(process.env['LARGE_UPLOAD_MIB'] ?? 512);
const ALLOWED_GROWTH = 150 * MIB;
const SLOW_UPLOADS = 200;
const POOL_SIZE = 5;

/** Blocks that differ from each other, made one at a time. */
function* blocks(count: number): Generator<Buffer> {
  for (let number = 0; number < count; number += 1) {
    const block = Buffer.alloc(MIB, number % 256);
    block.writeUInt32BE(number);
    yield block;
  }
}

describe('a service whose resources are bounded', () => {
  let cluster: Cluster;
  let service: Service;
  /** Of the replica in this process, which is idle here. */
  let others: number[];
  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.steady.app.get(AuditSealer, { strict: false }).beforeApplicationShutdown();
    others = (await sessions()).map(({ pid }) => pid);
    service = await cluster.start({
      DATABASE_POOL_SIZE: String(POOL_SIZE),
      UPLOAD_LEASE_SECONDS: '60',
    });
  });
  afterAll(() => cluster.stop());

  const sessions = (): Promise<{ pid: number; isStuck: boolean }[]> =>
    cluster.steady.database.query(
      `SELECT pid, coalesce(state = 'idle in transaction'
                            AND state_change < now() - interval '1 second', false) AS "isStuck"
       FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'stratum'`,
    );

  it('takes and gives a file far larger than its memory may grow', async () => {
    const pid = service.process.pid as number;
    // Warmed up, so that code loaded at the first request is not taken for growth.
    expect((await service.upload('warm up')).status).toBe(201);
    const idle = await residentBytes(pid);

    const sent = createHash('sha256');
    const body = ReadableStream.from(
      (function* () {
        for (const block of blocks(LARGE_MIB)) {
          sent.update(block);
          yield block;
        }
      })(),
    );
    let id = 0;
    const uploadPeak = await peakResidentBytes(pid, async () => {
      const file = await service.json<{ id: number; size: number; contentHash: string }>(
        201,
        '/v1/files',
        {
          method: 'POST',
          body: body as RequestInit['body'],
          duplex: 'half',
          headers: { 'Content-Type': 'application/octet-stream' },
        },
      );
      expect(file.size).toBe(LARGE_MIB * MIB);
      id = file.id;
    });
    const received = createHash('sha256');
    const downloadPeak = await peakResidentBytes(pid, async () => {
      const response = await service.fetch(`/v1/files/${id}/content`);
      for await (const chunk of response.body ?? []) received.update(chunk as Uint8Array);
    });
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(uploadPeak - idle).toBeLessThan(ALLOWED_GROWTH);
    expect(downloadPeak - idle).toBeLessThan(ALLOWED_GROWTH);
  }, 300_000);

  it('holds no database session while slow clients send', async () => {
    const { id } = await service.json<{ id: number }>(201, '/v1/files?fileType=text', {
      method: 'POST',
      body: 'to be described',
    });
    let isSending = true;
    const sending = Promise.all(
      Array.from({ length: SLOW_UPLOADS }, (_, number) => slowUpload(service, number)),
    ).finally(() => (isSending = false));
    let looks = 0;
    while (isSending) {
      looks += 1;
      const own = (await sessions()).filter(({ pid }) => !others.includes(pid));
      expect(own.filter(({ isStuck }) => isStuck)).toEqual([]);
      expect(own.length).toBeLessThanOrEqual(POOL_SIZE);
      // With the sessions taken by the slow, nobody could be told anything.
      expect((await service.fetch(`/v1/files/${id}`)).status).toBe(200);
      await Promise.race([delay(100), sending]);
    }
    expect(await sending).toEqual(Array.from({ length: SLOW_UPLOADS }, () => 201));
    expect(looks).toBeGreaterThan(1);
    expect(await cluster.breachesAtRest()).toEqual([]);
  }, 120_000);
});

/** Sends a few pieces with a pause after each; tells the status. */
function slowUpload(service: Service, number: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const upload = request(new URL('/v1/files', service.url), {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${service.key}`,
        'Content-Type': 'application/octet-stream',
      },
    });
    upload.on('error', reject);
    upload.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    void (async () => {
      for (let piece = 0; piece < 10; piece += 1) {
        upload.write(Buffer.alloc(8 * 1024, number));
        await delay(300);
      }
      upload.end();
    })();
  });
}
