import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { GrantedLease, RateLimitsRepository } from './rate-limits.repository.js';
import { RateLimiter } from './rate-limiter.service.js';

type Ask = (subject: string, limit: number, wanted: number) => Promise<GrantedLease>;

const limiterOn = (lease: Ask): RateLimiter =>
  new RateLimiter({ lease } as unknown as RateLimitsRepository);

const endless = { rest: 1_000_000, leftMs: 60_000 };

describe('RateLimiter', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('spends a lease without asking again', async () => {
    let asked = 0;
    const sut = limiterOn(async () => ({ granted: ((asked += 1), 10), ...endless }));
    for (let n = 0; n < 10; n += 1) {
      const taken = sut.take('key:a', 100);
      expect(taken instanceof Promise).toBe(n === 0);
      expect(await taken).toMatchObject({ isAllowed: true, remaining: 1_000_009 - n });
    }
    expect(asked).toBe(1);
    await sut.take('key:b', 100);
    expect(asked).toBe(2);
  });

  it('asks once for all that wait, and for as many', async () => {
    const wanted: number[] = [];
    const sut = limiterOn(async (_, __, count) => {
      wanted.push(count);
      return { granted: count, ...endless };
    });
    const taken = await Promise.all(
      Array.from({ length: 20 }, async () => await sut.take('key:a', 100)),
    );
    expect(taken.every((decision) => decision?.isAllowed)).toBe(true);
    expect(wanted).toEqual([1, 19]);
  });

  it('refuses without asking when nothing is left, until the window ends', async () => {
    let asked = 0;
    const sut = limiterOn(async () => {
      asked += 1;
      return { granted: 0, rest: 0, leftMs: 50 };
    });
    expect(await sut.take('key:a', 5)).toMatchObject({ isAllowed: false, resetSeconds: 1 });
    expect(await sut.take('key:a', 5)).toMatchObject({ isAllowed: false });
    expect(sut.refusalOf('key:a', 5)).toMatchObject({ isAllowed: false, remaining: 0 });
    expect(sut.refusalOf('key:b', 5)).toBeNull();
    expect(asked).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(sut.refusalOf('key:a', 5)).toBeNull();
    await sut.take('key:a', 5);
    expect(asked).toBe(2);
  });

  it('lets everything through while the database fails, and does not hurry it', async () => {
    let asked = 0;
    const sut = limiterOn(async () => {
      asked += 1;
      throw new Error('down');
    });
    for (let n = 0; n < 50; n += 1) expect(await sut.take(`key:${n}`, 5)).toBeNull();
    expect(asked).toBe(1);
  });

  it('waits for a slow database no longer than a second', async () => {
    const sut = limiterOn(() => new Promise(() => undefined));
    const since = performance.now();
    expect(await sut.take('key:a', 5)).toBeNull();
    expect(performance.now() - since).toBeLessThan(1_500);
  });
});
