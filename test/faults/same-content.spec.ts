import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCluster, type Cluster } from '../support/cluster.js';
import { IS_FULL } from '../support/faults/part.js';
import { faultSeed, seededRandom, sha256Of } from '../support/history.js';
import { breaches, diskStore } from '../support/invariants.js';
import type { Service } from '../support/service.js';

const UPLOADS = 64;
const MIB = 1024 * 1024;
const ROUNDS = IS_FULL ? 200 : 10;

describe('several processes that receive the same content at once', () => {
  let cluster: Cluster;
  let replicas: [Service, Service];
  beforeAll(async () => {
    cluster = await startCluster();
    // Nothing fails here, so no lease may run out, however slow the machine is.
    const settings = { GC_INTERVAL_SECONDS: '1', UPLOAD_LEASE_SECONDS: '60' };
    replicas = [await cluster.start(settings), await cluster.start(settings)];
  });
  afterAll(() => cluster.stop());

  it('make one file with one object and count every upload', async () => {
    const content = randomBytes(MIB);
    const answers = await Promise.all(
      Array.from({ length: UPLOADS }, async (_, number) => {
        const response = await (replicas[number % 2] as Service).upload(content);
        const text = await response.text();
        expect(`${response.status} ${text}`).toMatch(/^201 /);
        return JSON.parse(text) as { id: number; deduplicated: boolean };
      }),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
    const { database, env } = cluster.steady;
    const rows = await database.query(
      'SELECT content_hash, reference_count::int AS count FROM files',
    );
    expect(rows).toEqual([{ content_hash: sha256Of(content), count: UPLOADS }]);
    const store = diskStore(join(env.STRATUM_DATA_DIR, 'storage'));
    // No collector is needed for it: each upload has dropped its own bytes before its answer.
    expect((await store.objects()).size).toBe(1);
    expect(await breaches(database, store)).toEqual([]);
  });

  it('agree with collectors that remove it whenever nobody holds it', async () => {
    const random = seededRandom(faultSeed('uploads beside collectors'));
    const contents = Array.from({ length: 3 }, () => randomBytes(20_000));
    let isOver = false;
    const collecting = (async () => {
      while (!isOver) await cluster.collect();
    })();
    const statuses = new Map<string, number>();
    const count = (answer: string): void => {
      statuses.set(answer, (statuses.get(answer) ?? 0) + 1);
    };
    await Promise.all(
      Array.from({ length: 8 }, async (_, number) => {
        const replica = replicas[number % 2] as Service;
        for (let round = 0; round < ROUNDS; round += 1) {
          const content = contents[Math.floor(random() * contents.length)] as Buffer;
          const response = await replica.upload(content);
          const { id, code } = (await response.json()) as { id?: number; code?: string };
          count(`upload ${code ?? response.status}`);
          if (id === undefined) continue;
          const deleted = await replica.fetch(`/v1/files/${id}`, { method: 'DELETE' });
          count(`delete ${deleted.status}`);
        }
      }),
    );
    isOver = true;
    await collecting;
    // A hold may be given up by another client of the same key first: 404.
    for (const key of statuses.keys())
      expect(['upload 201', 'delete 204', 'delete 404']).toContain(key);
    await Promise.all(replicas.map((replica) => replica.kill('SIGKILL')));
    expect(await cluster.breachesAtRest()).toEqual([]);
    for (const content of contents) {
      const response = await cluster.steady.upload(content);
      expect(response.status).toBe(201);
      const { id } = (await response.json()) as { id: number };
      const back = await cluster.steady.fetch(`/v1/files/${id}/content`);
      expect(sha256Of(new Uint8Array(await back.arrayBuffer()))).toBe(sha256Of(content));
    }
  });
});
