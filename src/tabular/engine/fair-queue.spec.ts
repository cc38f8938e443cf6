import { describe, expect, it } from '@jest/globals';
import { setImmediate as later } from 'node:timers/promises';
import { EngineBusyError } from '../tabular.errors.js';
import { FairQueue } from './fair-queue.js';

const queueOf = (slots: number, waitingPerCaller = 10): FairQueue =>
  new FairQueue({ slots, waitingPerCaller, waiting: 100 });

describe('FairQueue', () => {
  it('serves callers in turn, however much one of them asks for', async () => {
    const sut = queueOf(1);
    const served: string[] = [];
    const ask = async (caller: string): Promise<void> => {
      const end = await sut.turn(caller);
      served.push(caller);
      await later();
      end();
    };
    await Promise.all([...Array(4).fill('ada'), 'bob', 'eve', 'bob'].map(ask));
    expect(served).toEqual(['ada', 'bob', 'eve', 'ada', 'bob', 'ada', 'ada']);
  });

  it('lets whoever has fewer turns at the time come first', async () => {
    const sut = queueOf(2);
    const [first, second] = [await sut.turn('ada'), await sut.turn('ada')];
    const served: string[] = [];
    const waiting = ['ada', 'bob'].map(async (caller) => {
      const end = await sut.turn(caller);
      served.push(caller);
      return end;
    });
    first();
    await later();
    expect(served).toEqual(['bob']);
    second();
    for (const end of await Promise.all(waiting)) end();
    expect(served).toEqual(['bob', 'ada']);
  });

  it('refuses who waits too much already, and nobody else', async () => {
    const sut = queueOf(1, 1);
    const end = await sut.turn('ada');
    const waiting = sut.turn('ada');
    await expect(sut.turn('ada')).rejects.toThrow(EngineBusyError);
    const other = sut.turn('bob');
    end();
    (await other)();
    (await waiting)();
    expect(sut.length).toBe(0);
  });

  it('forgets who gives up, and ends a turn once', async () => {
    const sut = queueOf(1);
    const end = await sut.turn('ada');
    const controller = new AbortController();
    const given = sut.turn('bob', controller.signal);
    controller.abort(new Error('gone'));
    await expect(given).rejects.toThrow('gone');
    const next = sut.turn('eve');
    end();
    end();
    const endNext = await next;
    let isServed = false;
    const last = sut.turn('ada').then((done) => {
      isServed = true;
      return done;
    });
    await later();
    expect(isServed).toBe(false);
    endNext();
    (await last)();
  });
});
