import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCluster, type Cluster } from '../support/cluster.js';
import { FaultPart } from '../support/faults/part.js';
import { sha256Of } from '../support/history.js';
import type { Service } from '../support/service.js';
import { PostgresProxy } from '../support/tcp-proxy.js';

const part = new FaultPart('K3', 'uncertain commits', { short: 8, full: 200 });

describe('a COMMIT whose answer never comes', () => {
  let cluster: Cluster;
  let proxy: PostgresProxy;
  let service: Service;
  beforeAll(async () => {
    cluster = await startCluster();
    proxy = await PostgresProxy.start(cluster.steady.database.url);
    service = await cluster.start({ DATABASE_URL: proxy.url, UPLOAD_LEASE_SECONDS: '60' });
  });
  afterAll(async () => {
    await cluster.stop();
    await proxy.stop();
  });

  it('is resolved to exactly one reference', async () => {
    const { done } = await part.play(async () => {
      const cuts = proxy.cuts;
      for (const fault of ['lose-answer', 'lose-commit'] as const) {
        const content = randomBytes(5000);
        // The second upload of a content takes another way than the first.
        for (const references of [1, 2]) {
          const before = proxy.cuts;
          proxy.arm(fault, 'file_references');
          const response = await service.upload(content);
          expect(proxy.cuts).toBe(before + 1);
          expect(response.status).toBe(201);
          expect(await cluster.references(sha256Of(content))).toBe(references);
        }
      }
      expect(await cluster.breachesAtRest()).toEqual([]);
      return { faults: proxy.cuts - cuts };
    });
    expect(done).toBeGreaterThanOrEqual(part.goal);
  }, 1_800_000);

  it('is told as unknown when nobody can be asked, and the repeat makes no second hold', async () => {
    const content = randomBytes(5000);
    const headers = { 'Idempotency-Key': randomUUID() };
    proxy.arm('lose-answer-and-server', 'file_references');
    const response = await service.upload(content, { headers });
    expect(await response.json()).toMatchObject({ status: 503, code: 'outcome-unknown' });
    expect(response.headers.get('retry-after')).not.toBeNull();

    proxy.restore();
    const repeat = await service.upload(content, { headers });
    expect(repeat.status).toBe(201);
    const { id } = (await repeat.json()) as { id: number };
    expect(await cluster.references(sha256Of(content))).toBe(1);
    expect(await cluster.breachesAtRest()).toEqual([]);
    const back = await service.fetch(`/v1/files/${id}/content`);
    expect(sha256Of(new Uint8Array(await back.arrayBuffer()))).toBe(sha256Of(content));
  });

  it('of a delete is told as unknown, and the delete has happened once', async () => {
    const content = randomBytes(5000);
    const stored = (await (await service.upload(content)).json()) as { id: number };
    expect(stored).toMatchObject({ id: expect.any(Number) });
    const { id } = stored;
    proxy.arm('lose-answer', 'file_references');
    const response = await service.fetch(`/v1/files/${id}`, { method: 'DELETE' });
    expect(await response.json()).toMatchObject({ status: 503, code: 'outcome-unknown' });
    await proxy.settled();
    expect(await cluster.references(sha256Of(content))).toBe(0);
    expect((await service.fetch(`/v1/files/${id}`, { method: 'DELETE' })).status).toBe(404);
    expect(await cluster.breachesAtRest()).toEqual([]);
  });
});
