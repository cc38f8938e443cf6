import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCluster, type Cluster } from '../support/cluster.js';
import { peakResidentBytes, residentBytes } from '../support/resident-memory.js';
import type { Service } from '../support/service.js';

const MIB = 1024 * 1024;
const LARGE_MIB = Number(process.env['LARGE_UPLOAD_MIB'] ?? 512);
const ALLOWED_GROWTH = 150 * MIB;

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
  beforeAll(async () => {
    cluster = await startCluster();
    service = await cluster.start({ UPLOAD_LEASE_SECONDS: '60' });
  });
  afterAll(() => cluster.stop());

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
});
