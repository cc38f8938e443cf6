import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAULT_POINTS, type FaultPoint } from '../../src/core/faults/fault-points.js';
import type { Api } from '../support/api.js';
import { startCluster, type Cluster } from '../support/cluster.js';
import { outcomeOf, sha256Of } from '../support/history.js';
import { tusOf } from '../support/tus.js';

/** What is going on when the process dies, and how many references there are before and after. */
interface Crash {
  during: 'upload' | 'dedup' | 'heal' | 'delete' | 'collect' | 'resuming' | 'taking over';
  before: number;
  after: number;
}

/** What has come so far is gone on with: that makes the one reference. */
const RESUMING: Crash = { during: 'resuming', before: 0, after: 1 };
const TAKING_OVER: Crash = { ...RESUMING, during: 'taking over' };
const DURING_UPLOAD: Crash = { during: 'upload', before: 0, after: 0 };

/** Of a content by parts, all but the last. */
const PART_BYTES = 400_000;
const isByParts = (during: Crash['during']): boolean =>
  during === 'resuming' || during === 'taking over';

/** From the protocol, not from the code: only a commit makes or ends a reference. */
const CRASHES: Record<FaultPoint, Crash> = {
  C0: DURING_UPLOAD,
  C1: DURING_UPLOAD,
  C2: DURING_UPLOAD,
  C3: DURING_UPLOAD,
  C4: { during: 'dedup', before: 1, after: 1 },
  C5: { during: 'dedup', before: 1, after: 2 },
  C6: DURING_UPLOAD,
  C7: DURING_UPLOAD,
  C8: { during: 'upload', before: 0, after: 1 },
  C9: { during: 'dedup', before: 1, after: 2 },
  C10: { during: 'heal', before: 1, after: 1 },
  D1: { during: 'delete', before: 1, after: 1 },
  G1: { during: 'collect', before: 0, after: 0 },
  G2: { during: 'collect', before: 0, after: 0 },
  G3: { during: 'collect', before: 0, after: 0 },
  T1: RESUMING,
  T2: RESUMING,
  T3: RESUMING,
  T4: TAKING_OVER,
  T5: TAKING_OVER,
};

describe('a process that is killed', () => {
  let cluster: Cluster;
  const witnesses: { id: number; sha256: string }[] = [];
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  const stored = async (content: Buffer): Promise<number> => {
    const response = await cluster.steady.upload(content);
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: number }).id;
  };

  const readBack = async (id: number): Promise<string> => {
    const response = await cluster.steady.fetch(`/v1/files/${id}/content`);
    expect(response.status).toBe(200);
    return sha256Of(new Uint8Array(await response.arrayBuffer()));
  };

  /** Removes the bytes behind the service's back, and has a reader find out. */
  const lose = async (id: number): Promise<void> => {
    const { database, env } = cluster.steady;
    const [row] = await database.query<{ storage_key: string }>(
      'SELECT storage_key FROM files WHERE id = $1',
      [id],
    );
    await rm(join(env.STRATUM_DATA_DIR, 'storage', row?.storage_key ?? ''));
    const response = await cluster.steady.fetch(`/v1/files/${id}/content`);
    expect(response.status).toBe(500);
  };

  /** The lock of whoever had it runs out; that takes 15 seconds otherwise. */
  const lapse = (): Promise<unknown> =>
    cluster.steady.database.query(
      `UPDATE uploads SET lock_token = gen_random_uuid(), lock_until = now() - interval '1 second'
       WHERE file_id IS NULL`,
    );

  /** The third part is the last. */
  const sendPart = async (api: Api, path: string, content: Buffer, n: 1 | 2): Promise<Response> => {
    const [from, to] = n === 1 ? [PART_BYTES, 2 * PART_BYTES] : [2 * PART_BYTES, content.length];
    return await tusOf(api).patch(path, from, content.subarray(from, to));
  };

  /** As a client does it that has lost its connection. */
  const goOn = async (path: string, content: Buffer): Promise<void> => {
    await lapse();
    const tus = tusOf(cluster.steady);
    const offset = await tus.offset(path);
    const last = await tus.patch(path, offset, content.subarray(offset));
    expect(last.headers.get('stratum-file-id')).toMatch(/^\d+$/);
  };

  const prepare = async ({ during }: Crash, content: Buffer): Promise<number> => {
    if (during === 'upload' || isByParts(during)) return 0;
    const id = await stored(content);
    if (during === 'heal') await lose(id);
    if (during === 'collect') {
      await cluster.steady.fetch(`/v1/files/${id}`, { method: 'DELETE' });
    }
    return id;
  };

  const provoke = async (api: Api, { during }: Crash, id: number, content: Buffer) => {
    // The collector comes by itself.
    if (during === 'collect') return;
    if (isByParts(during)) return await provokeByParts(api, during, content);
    const [outcome] = await outcomeOf(
      during === 'delete'
        ? api.fetch(`/v1/files/${id}`, { method: 'DELETE' })
        : api.upload(content),
    );
    expect(outcome).toBe('unknown');
  };

  /** Its path: it dies in the second part, or in the third, which is the last. */
  const provokeByParts = async (api: Api, during: string, content: Buffer): Promise<string> => {
    const steady = tusOf(cluster.steady);
    const first = content.subarray(0, PART_BYTES);
    const path = await steady.create({ 'Upload-Length': content.length }, first);
    if (during === 'taking over') await lapse();
    const [second] = await outcomeOf(sendPart(api, path, content, 1));
    if (second === 'unknown') return path;
    expect((await outcomeOf(sendPart(api, path, content, 2)))[0]).toBe('unknown');
    return path;
  };

  it('has a case for every point', () => {
    expect(Object.keys(CRASHES)).toEqual([...FAULT_POINTS]);
  });

  it.each([...FAULT_POINTS])('at %s loses nothing and leaves nothing behind', async (point) => {
    const crash = CRASHES[point];
    const content = randomBytes(1024 * 1024 + 3);
    const sha256 = sha256Of(content);
    const id = await prepare(crash, content);
    expect(await cluster.references(sha256)).toBe(crash.before);

    const victim = await cluster.start({
      STRATUM_FAULT_POINT: point,
      GC_INTERVAL_SECONDS: crash.during === 'collect' ? '2' : '0',
    });
    const path = await provoke(victim, crash, id, content);
    expect(await victim.ended()).toBe('SIGKILL');
    if (path !== undefined) await goOn(path, content);

    expect(await cluster.breachesAtRest()).toEqual([]);
    expect(await cluster.references(sha256)).toBe(crash.after);

    // The content is as welcome as ever, and what was acknowledged before is still there.
    const again = await stored(content);
    expect(await cluster.references(sha256)).toBe(crash.after + 1);
    expect(await cluster.breachesAtRest()).toEqual([]);
    witnesses.push({ id: again, sha256 });
    for (const witness of witnesses) expect(await readBack(witness.id)).toBe(witness.sha256);
  });
});
