import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PeriodicTask } from './periodic-task.js';

/** A task each of whose turns lasts until it is told to end. */
class SlowTask extends PeriodicTask {
  begun = 0;
  isRunning = false;
  private end: (error?: Error) => void = () => undefined;

  constructor(options: { intervalMs: number; startsAtOnce?: boolean }) {
    super({ ...options, failure: 'It failed.' });
  }

  protected async turn(): Promise<void> {
    expect(this.isRunning).toBe(false);
    this.isRunning = true;
    this.begun += 1;
    try {
      await new Promise<void>((resolve, reject) => {
        this.end = (error) => (error ? reject(error) : resolve());
      });
    } finally {
      this.isRunning = false;
    }
  }

  async finish(error?: Error): Promise<void> {
    this.end(error);
    await jest.advanceTimersByTimeAsync(0);
  }

  async wakeUp(): Promise<void> {
    this.wake();
    await jest.advanceTimersByTimeAsync(0);
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    return await this.alone(work);
  }
}

let task: SlowTask;
const started = (options: { intervalMs: number; startsAtOnce?: boolean }): SlowTask => {
  task = new SlowTask(options);
  task.onApplicationBootstrap();
  return task;
};
const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe('A periodic task', () => {
  it('takes its first turn after an interval, or at once when it is told to', async () => {
    const sut = started({ intervalMs: 1000 });
    await pass(899);
    expect(sut.begun).toBe(0);
    await pass(202);
    expect(sut.begun).toBe(1);

    const eager = started({ intervalMs: 1000, startsAtOnce: true });
    await pass(0);
    expect(eager.begun).toBe(1);
  });

  it('takes the next turn an interval after the end of the last, however long that took', async () => {
    const sut = started({ intervalMs: 1000, startsAtOnce: true });
    await pass(10_000);
    expect(sut.begun).toBe(1);
    await sut.finish();
    await pass(899);
    expect(sut.begun).toBe(1);
    await pass(202);
    expect(sut.begun).toBe(2);
  });

  it('spreads its turns over a fifth of the interval', async () => {
    for (const [random, ms] of [
      [0, 900],
      [0.5, 1000],
      [0.75, 1050],
    ] as const) {
      jest.spyOn(Math, 'random').mockReturnValue(random);
      const sut = started({ intervalMs: 1000 });
      await pass(ms - 1);
      expect(sut.begun).toBe(0);
      await pass(1);
      expect(sut.begun).toBe(1);
    }
  });

  it('takes no turn by itself with an interval of 0, and one when it is woken', async () => {
    const sut = started({ intervalMs: 0, startsAtOnce: true });
    await pass(86_400_000);
    expect(sut.begun).toBe(0);
    await sut.wakeUp();
    expect(sut.begun).toBe(1);
  });

  it('takes one more turn for all that wake it while one runs', async () => {
    const sut = started({ intervalMs: 0 });
    await sut.wakeUp();
    await sut.wakeUp();
    await sut.wakeUp();
    expect(sut.begun).toBe(1);
    await sut.finish();
    expect(sut.begun).toBe(2);
    await sut.finish();
    await pass(1000);
    expect(sut.begun).toBe(2);
  });

  it('logs a turn that fails, and takes the next', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const sut = started({ intervalMs: 1000, startsAtOnce: true });
    await pass(0);
    const error = new Error('no luck');
    await sut.finish(error);
    expect(warn.mock.calls).toEqual([[{ err: error }, 'It failed.']]);
    await pass(1100);
    expect(sut.begun).toBe(2);
  });

  it('does other work while no turn runs, and hands on what that returns or throws', async () => {
    const sut = started({ intervalMs: 0 });
    await sut.wakeUp();
    const seen: boolean[] = [];
    const work = sut.run(async () => seen.push(sut.isRunning));
    await pass(0);
    expect(seen).toEqual([]);
    await sut.finish();
    expect(await work).toBe(1);
    expect(seen).toEqual([false]);
    await expect(sut.run(() => Promise.reject(new Error('odd')))).rejects.toThrow('odd');
    await sut.wakeUp();
    expect(sut.begun).toBe(2);
  });

  it('ends the running turn before the application stops, and begins no other', async () => {
    const sut = started({ intervalMs: 1000, startsAtOnce: true });
    await pass(0);
    await sut.wakeUp();
    let hasStopped = false;
    const stopping = sut.beforeApplicationShutdown().then(() => (hasStopped = true));
    await pass(0);
    expect(hasStopped).toBe(false);
    await sut.finish();
    await stopping;
    await sut.wakeUp();
    await pass(10_000);
    expect(sut.begun).toBe(1);
  });
});
