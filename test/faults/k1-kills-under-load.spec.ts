import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { FAULT_POINTS, type FaultPoint } from '../../src/core/faults/fault-points.js';
import { underLoad, type Load } from '../support/faults/load.js';
import { FaultPart, type Figures } from '../support/faults/part.js';
import { outcomeOf } from '../support/history.js';

const part = new FaultPart('K1', 'kills', { short: 8, full: 1100 });
const KILLS_PER_ROUND = 50;
/** A point that nothing comes by in this time is killed at a moment of no choice. */
const PATIENCE_MS = 5_000;

/** Loses bytes behind the service's back, so that uploads have something to heal. */
async function loseAndRestore({ cluster, replicas }: Load, isOver: () => boolean): Promise<void> {
  const { steady } = cluster;
  const contents = Array.from({ length: 3 }, () => randomBytes(30_000));
  for (let turn = 0; !isOver(); turn += 1) {
    const content = contents[turn % contents.length] as Buffer;
    const stored = await steady.upload(content);
    const { id } = (await stored.json()) as { id?: number };
    if (id === undefined) continue;
    const [row] = await steady.database.query<{ storage_key: string }>(
      'SELECT storage_key FROM files WHERE id = $1',
      [id],
    );
    await rm(join(steady.env.STRATUM_DATA_DIR, 'storage', row?.storage_key ?? 'none'), {
      force: true,
    });
    await outcomeOf(steady.fetch(`/v1/files/${id}/content`));
    const replica = replicas[turn % replicas.length];
    if (replica) await outcomeOf(replica.upload(content));
    await delay(50);
  }
}

/** They come when a dead process's lock has run out, after 15 seconds. */
const RARE: FaultPoint[] = ['T4', 'T5'];

it('keeps every promise while replicas are killed at every point of the protocol', async () => {
  const points = FAULT_POINTS.filter((point) => !RARE.includes(point));
  const atPoints: Figures = Object.fromEntries(points.map((point) => [point, 0]));
  const { done, figures } = await part.play(async (random) => {
    const kills = Math.min(KILLS_PER_ROUND, part.goal);
    const before = { ...atPoints };
    let killed = 0;
    let isOver = false;
    /** Starts a replica, and another when it has died, until there were enough deaths. */
    const keepDying = async (load: Load, slot: number): Promise<void> => {
      while (killed < kills) {
        const point = rarest(atPoints, random);
        const replica = await load.cluster
          .start({
            STRATUM_FAULT_POINT: `${point}:${1 + Math.floor(random() * 3)}`,
            GC_INTERVAL_SECONDS: '1',
          })
          .catch(() => null);
        load.replicas[slot] = replica;
        const isDead = await Promise.race([
          replica?.ended().then(() => true) ?? true,
          delay(PATIENCE_MS * random()).then(() => false),
        ]);
        load.replicas[slot] = null;
        if (isDead) atPoints[point] = (atPoints[point] ?? 0) + 1;
        else await replica?.kill('SIGKILL');
        killed += 1;
      }
    };
    const { acknowledged } = await underLoad(random, async (load) => {
      load.replicas = [null, null];
      const losing = loseAndRestore(load, () => isOver);
      try {
        await Promise.all([0, 1].map((slot) => keepDying(load, slot)));
      } finally {
        isOver = true;
        await losing;
      }
    });
    expect(acknowledged).toBeGreaterThan(0);
    return { faults: killed, figures: { acknowledged, ...difference(atPoints, before) } };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
  expect(figures['acknowledged']).toBeGreaterThan(0);
}, 7_200_000);

/** One of the points at which the fewest have died so far. */
function rarest(atPoints: Figures, random: () => number): string {
  const names = Object.keys(atPoints);
  const fewest = Math.min(...Object.values(atPoints));
  const candidates = names.filter((name) => (atPoints[name] ?? 0) <= fewest + 1);
  return candidates[Math.floor(random() * candidates.length)] as string;
}

const difference = (now: Figures, before: Figures): Figures =>
  Object.fromEntries(Object.entries(now).map(([name, n]) => [name, n - (before[name] ?? 0)]));
