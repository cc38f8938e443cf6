import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Api } from '../api.js';
import { runClient, startCluster, type Cluster } from '../cluster.js';
import { History, seededRandom } from '../history.js';
import type { Service } from '../service.js';

const CLIENTS = 6;

export interface Load {
  cluster: Cluster;
  /** The replicas that clients are sent to; `null`: it is down just now. */
  replicas: (Service | null)[];
  random: () => number;
}

/**
 * Clients that store and give up contents at these replicas, while `disturb` does its worst; then every
 * promise and every invariant is checked. Returns what clients were told was done.
 */
export async function underLoad(
  random: () => number,
  disturb: (load: Load) => Promise<unknown>,
): Promise<{ acknowledged: number }> {
  const cluster = await startCluster();
  try {
    const load: Load = { cluster, replicas: [], random };
    const history = new History();
    let isOver = false;
    // They begin when there is somebody to ask.
    const clients = (async () => {
      while (!isOver && load.replicas.every((replica) => replica === null)) await delay(20);
      await Promise.all(
        Array.from({ length: CLIENTS }, (_, number) =>
          runClient({
            name: `client ${number}`,
            history,
            random: seededRandom(Math.floor(random() * 2 ** 31)),
            pick: () => pick(load, number),
            isOver: () => isOver,
          }),
        ),
      );
    })();
    try {
      await disturb(load);
    } finally {
      isOver = true;
      await clients;
    }
    await Promise.all(load.replicas.map(async (replica) => await replica?.kill('SIGKILL')));
    expect(await cluster.breachesAtRest()).toEqual([]);
    expect(await history.brokenPromises(cluster.steady)).toEqual([]);
    return { acknowledged: history.acknowledged };
  } finally {
    await cluster.stop();
  }
}

/** Who is there; a replica that is down is asked too when no other is up. */
function pick({ replicas, cluster }: Load, number: number): Api {
  const up = replicas.filter((replica) => replica !== null);
  return up[number % Math.max(up.length, 1)] ?? cluster.steady;
}
