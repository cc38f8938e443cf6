import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UploadLeaseLostError } from '../../src/core/errors/index.js';
import { MemoryStorageBackend } from '../../src/storage/backends/memory/memory.storage-backend.js';
import { GarbageRepository } from '../../src/storage/gc/garbage.repository.js';
import { faultRounds, faultSeed, seededRandom } from '../support/history.js';
import { backendStore, breaches, quiesce } from '../support/invariants.js';
import { createStorageLab, OWNER, type StorageLab } from '../support/storage-lab.js';

/** One actor, stopped before each of its steps until it is told to take it. */
class Actor {
  readonly ended: Promise<unknown>;
  isOver = false;
  private isRunning = true;
  private proceed: (() => void) | null = null;
  private isFree = false;

  constructor(play: (gate: () => Promise<void>) => Promise<unknown>) {
    this.ended = play(() => this.gate()).finally(() => {
      this.isOver = true;
      this.isRunning = false;
    });
    this.ended.catch(() => undefined);
  }

  get isWaitingAtGate(): boolean {
    return !this.isRunning && !this.isOver;
  }

  /** Takes its next step; until it is at the next gate it counts as running. */
  step(): void {
    this.isRunning = true;
    this.proceed?.();
    this.proceed = null;
  }

  /** No gate holds it any more. */
  free(): void {
    this.isFree = true;
    if (this.isWaitingAtGate) this.step();
  }

  private gate(): Promise<void> {
    if (this.isFree) return Promise.resolve();
    this.isRunning = false;
    return new Promise((resolve) => (this.proceed = resolve));
  }
}

/** Four steps of the first upload, four of the second, three of the collector. */
const STEPS = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2];
const CONNECTIONS = 8;

describe('two uploads of one content and a turn of the collector, step by step', () => {
  const backend = new MemoryStorageBackend();
  let lab: StorageLab;
  beforeAll(async () => {
    lab = await createStorageLab(backend, { DATABASE_POOL_SIZE: String(CONNECTIONS) });
  });
  afterAll(() => lab.close());

  /** Stage, publish, commit, drop: with a gate before each. */
  const upload = async (gate: () => Promise<void>, content: Buffer): Promise<void> => {
    await gate();
    const staged = await lab.producer.stage(Readable.from([content]), { fileType: 'binary' });
    try {
      await gate();
      await lab.unitOfWork.run(async (tx) => {
        tx.afterCommit(gate);
        await lab.producer.publish(tx, [staged], OWNER);
        await gate();
      });
    } catch (error) {
      await lab.producer.discard([staged]);
      throw error;
    }
  };

  /** Reap and doom, commit, remove: with a gate before each. */
  const collect = async (
    gate: () => Promise<void>,
    takesUploadsForDead: boolean,
  ): Promise<void> => {
    const garbage = lab.get<GarbageRepository>(GarbageRepository);
    await gate();
    if (takesUploadsForDead) {
      await lab.database.query(
        `UPDATE storage_intents i SET lease_until = now() - interval '1 second'
         FROM (SELECT id FROM storage_intents WHERE kind = 'write' FOR UPDATE SKIP LOCKED) free
         WHERE i.id = free.id`,
      );
      await lab.unitOfWork.run((tx) => garbage.reapUploads(tx));
    }
    await lab.unitOfWork.run(async (tx) => {
      await garbage.doom(tx, { graceSeconds: 0, retainSeconds: 0, batch: 100 });
      await gate();
    });
    await gate();
    await lab.collector.collect();
  };

  const sessionsThatWaitForALock = async (): Promise<number> => {
    const [row] = await lab.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return row?.count ?? 0;
  };

  /** Until every actor is at a gate, at its end, or waits for a lock that another one holds. */
  const settle = async (actors: readonly Actor[]): Promise<void> => {
    for (;;) {
      const running = actors.filter((actor) => !actor.isOver && !actor.isWaitingAtGate).length;
      if (running === 0) return;
      if ((await sessionsThatWaitForALock()) >= running) return;
      await delay(1);
    }
  };

  const play = async (schedule: readonly number[], actors: readonly Actor[]): Promise<void> => {
    await settle(actors);
    for (const number of schedule) {
      const actor = actors[number] as Actor;
      if (!actor.isWaitingAtGate) continue;
      actor.step();
      await settle(actors);
    }
    for (const actor of actors) actor.free();
    await Promise.allSettled(actors.map(({ ended }) => ended));
  };

  const prepare = async (content: Buffer, start: 'absent' | 'given up'): Promise<void> => {
    if (start === 'absent') return;
    await lab.release(await lab.create(content));
  };

  const check = async (schedule: readonly number[], outcomes: PromiseSettledResult<unknown>[]) => {
    const succeeded = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const rows = await lab.database.query<{ reference_count: string }>(
      'SELECT reference_count FROM files WHERE reference_count > 0',
    );
    const counts = rows.map(({ reference_count }) => Number(reference_count));
    await quiesce(lab.database, () => lab.collector.collect());
    expect({
      schedule,
      counts,
      breaches: await breaches(lab.database, backendStore(backend)),
    }).toEqual({
      schedule,
      counts: succeeded > 0 ? [succeeded] : [],
      breaches: [],
    });
  };

  it.each([
    ['absent', false],
    ['given up', false],
    ['absent', true],
    ['given up', true],
  ] as const)(
    'keeps every acknowledged upload (the content is %s at first, uploads are taken for dead: %s)',
    async (start, takesUploadsForDead) => {
      const random = seededRandom(faultSeed(`interleavings (${start}, ${takesUploadsForDead})`));
      for (let round = 0; round < faultRounds(4) * 10; round += 1) {
        const content = randomBytes(100);
        await prepare(content, start);
        const schedule = shuffled(STEPS, random);
        const actors = [
          new Actor((gate) => upload(gate, content)),
          new Actor((gate) => upload(gate, content)),
          new Actor((gate) => collect(gate, takesUploadsForDead)),
        ];
        await play(schedule, actors);
        const outcomes = await Promise.allSettled(actors.slice(0, 2).map(({ ended }) => ended));
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') continue;
          // Only who was taken for dead may fail.
          expect(takesUploadsForDead).toBe(true);
          expect(outcome.reason).toBeInstanceOf(UploadLeaseLostError);
        }
        await expect(actors[2]?.ended).resolves.toBeUndefined();
        await check(schedule, outcomes);
        await lab.database.query('DELETE FROM file_references');
        await lab.database.query('UPDATE files SET reference_count = 0, zero_since = now()');
        await quiesce(lab.database, () => lab.collector.collect());
      }
    },
    60_000 + faultRounds(4) * 10_000,
  );
});

/** Fisher and Yates. */
function shuffled(items: readonly number[], random: () => number): number[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as number, result[last] as number];
  }
  return result;
}
