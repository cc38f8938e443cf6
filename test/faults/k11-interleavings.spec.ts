import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UploadLeaseLostError } from '../../src/core/errors/index.js';
import type { IStagedFile } from '../../src/core/contracts/storage-backend.contract.js';
import { switchOff } from '../../src/core/faults/fault-switches.js';
import { MemoryStorageBackend } from '../../src/storage/backends/memory/memory.storage-backend.js';
import { GarbageRepository } from '../../src/storage/gc/garbage.repository.js';
import { FaultPart } from '../support/faults/part.js';
import { ALL_SCHEDULES, anySchedule, scheduleOf } from '../support/faults/schedules.js';
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

const CONNECTIONS = 8;
const SCHEDULES_PER_ROUND = 50;

interface Setting {
  name: string;
  start: 'absent' | 'given up';
  takesUploadsForDead: boolean;
  goals: { short: number; full: number };
}

/** All of them where a collector meets a content that comes back; a sample of the rest. */
const SETTINGS: Setting[] = (['given up', 'absent'] as const).flatMap((start) =>
  [false, true].map((takesUploadsForDead) => ({
    name: `content ${start} at first${takesUploadsForDead ? ', uploads taken for dead' : ''}`,
    start,
    takesUploadsForDead,
    goals: {
      short: 25,
      full: start === 'given up' && !takesUploadsForDead ? ALL_SCHEDULES : 2000,
    },
  })),
);

/** Memory that something can happen in when bytes have become visible. */
class HaltingBackend extends MemoryStorageBackend {
  afterPublish: (() => Promise<void>) | null = null;

  override async openStaged(path: string): Promise<IStagedFile> {
    const staged = await super.openStaged(path);
    const publish = staged.publish.bind(staged);
    staged.publish = async () => {
      const info = await publish();
      await this.afterPublish?.();
      return info;
    };
    return staged;
  }
}

describe('two uploads of one content and a turn of the collector, step by step', () => {
  const backend = new HaltingBackend();
  let lab: StorageLab;
  beforeAll(async () => {
    lab = await createStorageLab(backend, {
      DATABASE_POOL_SIZE: String(CONNECTIONS),
      // Each interleaving leaves files to be collected: after a thousand they are no sign of a mistake.
      GC_MAX_PERCENT: '100',
    });
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

  /** What is wrong after it, in words. */
  const findings = async (outcomes: PromiseSettledResult<unknown>[]): Promise<string[]> => {
    const succeeded = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const rows = await lab.database.query<{ reference_count: string }>(
      'SELECT reference_count FROM files WHERE reference_count > 0',
    );
    const counts = rows.map(({ reference_count }) => Number(reference_count));
    await quiesce(lab.database, () => lab.collector.collect());
    const found = await breaches(lab.database, backendStore(backend));
    const expected = succeeded > 0 ? [succeeded] : [];
    if (String(counts) === String(expected)) return found;
    return [...found, `${succeeded} uploads succeeded and are counted as ${counts.join()}`];
  };

  const playOnce = async (
    schedule: readonly number[],
    { start, takesUploadsForDead }: Setting,
  ): Promise<string[]> => {
    const content = randomBytes(100);
    await prepare(content, start);
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
    const found = await findings(outcomes);
    await lab.database.query('DELETE FROM file_references');
    await lab.database.query('UPDATE files SET reference_count = 0, zero_since = now()');
    await quiesce(lab.database, () => lab.collector.collect());
    return found.map((finding) => `${schedule.join('')}: ${finding}`);
  };

  it.each(SETTINGS)(
    'keeps every acknowledged upload ($name)',
    async (setting) => {
      const part = new FaultPart('K11', `interleavings, ${setting.name}`, setting.goals);
      const { done } = await part.play(async (random, number) => {
        const size = Math.min(SCHEDULES_PER_ROUND, part.goal);
        for (let n = 0; n < size; n += 1) {
          const schedule =
            part.goal >= ALL_SCHEDULES
              ? scheduleOf((number * size + n) % ALL_SCHEDULES)
              : anySchedule(random);
          expect(await playOnce(schedule, setting)).toEqual([]);
        }
        return { faults: size };
      });
      expect(done).toBeGreaterThanOrEqual(part.goal);
    },
    7_200_000,
  );

  /** An upload that freezes when its bytes are visible, and wakes up when it was collected as dead. */
  const freezeBeforeCommit = async (): Promise<string[]> => {
    backend.afterPublish = async () => {
      // Once: the collector publishes a mark of its own.
      backend.afterPublish = null;
      await lab.database.query(`UPDATE storage_intents SET lease_until = now() - interval '1 s'`);
      await lab.collector.collect();
    };
    const outcome = await lab.create(randomBytes(100)).then(
      () => 'stored',
      (error: Error) => error.name,
    );
    return [outcome, ...(await breaches(lab.database, backendStore(backend), { quiet: false }))];
  };

  it('loses an upload that was taken for dead and could publish still (control)', async () => {
    const part = new FaultPart('K11', 'control without the fence', { short: 1, full: 1 });
    await part.play(async () => {
      expect(await freezeBeforeCommit()).toEqual(['UploadLeaseLostError']);
      switchOff('fence');
      try {
        const [outcome, ...found] = await freezeBeforeCommit();
        expect({ outcome, found }).toEqual({
          outcome: 'stored',
          found: [expect.stringContaining('has no object')],
        });
        return { faults: 1, figures: { losses: found.length } };
      } finally {
        switchOff(undefined);
      }
    });
  });
});
