import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Transaction } from '../database/index.js';
import {
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  ValidationFailedError,
} from '../errors/index.js';
import type {
  IdempotencyRepository,
  IdempotencyScope,
  RecordedResponse,
} from './idempotency.repository.js';
import { IdempotencyService } from './idempotency.service.js';

interface Row {
  claimId: string;
  claimedUntil: number;
  response: RecordedResponse | null;
}

/** The table of the keys in memory, by the rules that the statements of the repository state. */
class FakeRecords implements Pick<IdempotencyRepository, keyof IdempotencyRepository> {
  readonly rows = new Map<string, Row>();
  renewed = 0;
  private readonly idOf = ({ principalId, route, key }: IdempotencyScope): string =>
    JSON.stringify([principalId, route, key]);

  async claim(scope: IdempotencyScope, claimId: string, leaseSeconds: number): Promise<boolean> {
    const row = this.rows.get(this.idOf(scope));
    if (row && (row.response || row.claimedUntil > Date.now())) return false;
    const claimedUntil = Date.now() + leaseSeconds * 1000;
    this.rows.set(this.idOf(scope), { claimId, claimedUntil, response: null });
    return true;
  }

  async findResponse(scope: IdempotencyScope): Promise<RecordedResponse | null> {
    return this.rows.get(this.idOf(scope))?.response ?? null;
  }

  async renew(): Promise<void> {
    this.renewed += 1;
  }

  async complete(
    _tx: Transaction,
    claimId: string,
    scope: IdempotencyScope,
    response: RecordedResponse,
  ): Promise<boolean> {
    const row = this.rows.get(this.idOf(scope));
    if (row?.claimId !== claimId || row.response) return false;
    row.response = response;
    return true;
  }

  async release(claimId: string, scope: IdempotencyScope): Promise<void> {
    const row = this.rows.get(this.idOf(scope));
    if (row?.claimId === claimId && !row.response) this.rows.delete(this.idOf(scope));
  }

  async removeExpired(): Promise<void> {}

  /** As if the process that holds every claim had died a while ago. */
  letLeasesRunOut(): void {
    for (const row of this.rows.values()) row.claimedUntil = 0;
  }
}

const TX = {} as Transaction;
const ROUTE = 'POST /v1/files';
const BODY = { id: 7 };

describe('IdempotencyService', () => {
  let records: FakeRecords;
  let sut: IdempotencyService;
  const claim = (key: string | undefined = 'key', principal = 'p', route = ROUTE) =>
    sut.claim(principal, route, key);

  beforeEach(() => {
    records = new FakeRecords();
    sut = new IdempotencyService(records as unknown as IdempotencyRepository);
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('records nothing for a request without a key', async () => {
    const none = await sut.claim('p', ROUTE, undefined);
    expect(none.replay('digest')).toBeUndefined();
    await none.complete(TX, 'digest', BODY);
    await none.release();
    expect(records.rows.size).toBe(0);
  });

  it.each(['', ' ', 'a b', 'a\n', 'é', 'x'.repeat(256), '\u007f'])(
    'refuses "%s" as a key',
    async (key) => {
      await expect(claim(key)).rejects.toThrow(ValidationFailedError);
      expect(records.rows.size).toBe(0);
    },
  );

  it.each(['x', '!', '~', 'x'.repeat(255), '"quoted"'])('takes "%s" as a key', async (key) => {
    const held = await claim(key);
    expect(held.replay('digest')).toBeUndefined();
    await held.release();
  });

  it('replays the recorded answer to a repeat with the same content', async () => {
    const first = await claim();
    await first.complete(TX, 'digest', BODY);
    await first.release();
    const repeat = await claim();
    expect(repeat.replay('digest')).toEqual(BODY);
    await repeat.release();
    expect((await claim()).replay('digest')).toEqual(BODY);
  });

  it('refuses the key for other content', async () => {
    const first = await claim();
    await first.complete(TX, 'digest', BODY);
    await first.release();
    const repeat = await claim();
    expect(() => repeat.replay('another digest')).toThrow(IdempotencyKeyReusedError);
  });

  it('keeps keys apart by principal, by route and by their case', async () => {
    const claims = [
      await claim('key', 'p', ROUTE),
      await claim('key', 'q', ROUTE),
      await claim('key', 'p', 'POST /v1/files/batch'),
      await claim('KEY', 'p', ROUTE),
    ];
    for (const held of claims) expect(held.replay('digest')).toBeUndefined();
    expect(records.rows.size).toBe(4);
    for (const held of claims) await held.release();
  });

  it('has a repeat wait for the request that is running, and gives it that answer', async () => {
    const first = await claim();
    let isAnswered = false;
    const repeat = claim().then((held) => {
      isAnswered = true;
      return held;
    });
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(isAnswered).toBe(false);
    await first.complete(TX, 'digest', BODY);
    await first.release();
    expect((await repeat).replay('digest')).toEqual(BODY);
  });

  it('lets a waiting repeat be carried out when the first one has failed', async () => {
    const first = await claim();
    const repeat = claim();
    await first.release();
    const held = await repeat;
    expect(held.replay('digest')).toBeUndefined();
    await held.complete(TX, 'digest', BODY);
    await held.release();
    expect((await claim()).replay('digest')).toEqual(BODY);
  });

  it('has many repeats of one request carried out once', async () => {
    let carriedOut = 0;
    const request = async (): Promise<unknown> => {
      const held = await claim();
      const replayed = held.replay('digest');
      if (replayed !== undefined) return replayed;
      carriedOut += 1;
      await held.complete(TX, 'digest', BODY);
      await held.release();
      return BODY;
    };
    const answers = await Promise.all(Array.from({ length: 10 }, request));
    expect(answers).toEqual(Array(10).fill(BODY));
    expect(carriedOut).toBe(1);
  });

  it('tells a repeat after 30 s that the first one is still running', async () => {
    const first = await claim();
    const start = Date.now();
    const now = jest.spyOn(Date, 'now').mockReturnValue(start);
    const repeat = claim();
    now.mockReturnValue(start + 30_000);
    await expect(repeat).rejects.toThrow(IdempotencyInProgressError);
    await first.release();
  });

  it('takes over the key of a process that died, whose late answer is then refused', async () => {
    const dead = await claim();
    records.letLeasesRunOut();
    const successor = await claim();
    expect(successor.replay('digest')).toBeUndefined();
    await expect(dead.complete(TX, 'digest', { id: 1 })).rejects.toThrow(
      IdempotencyInProgressError,
    );
    // Nor does the end of the first one free the key of the second.
    await dead.release();
    await successor.complete(TX, 'digest', BODY);
    await successor.release();
    expect((await claim()).replay('digest')).toEqual(BODY);
  });

  it('renews its claim while the request runs, and no longer', async () => {
    jest.useFakeTimers();
    const held = await claim();
    await jest.advanceTimersByTimeAsync(60_000);
    // The lease is 60 s: one renewal may be lost before another comes.
    expect(records.renewed).toBeGreaterThanOrEqual(2);
    await held.release();
    const renewed = records.renewed;
    await jest.advanceTimersByTimeAsync(600_000);
    expect(records.renewed).toBe(renewed);
  });

  it('logs a renewal that fails and goes on', async () => {
    jest.useFakeTimers();
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    jest.spyOn(records, 'renew').mockRejectedValue(new Error('no database'));
    const held = await claim();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(warned.mock.calls.length).toBeGreaterThanOrEqual(2);
    await held.release();
  });

  it('never fails to end a claim', async () => {
    const held = await claim();
    jest.spyOn(records, 'release').mockRejectedValue(new Error('no database'));
    await expect(held.release()).resolves.toBeUndefined();
  });

  it('removes expired records every hour until the application stops, whatever becomes of it', async () => {
    jest.useFakeTimers();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const removed = jest
      .spyOn(records, 'removeExpired')
      .mockRejectedValue(new Error('no database'));
    sut.onModuleInit();
    await jest.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(removed).toHaveBeenCalledTimes(2);
    sut.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(removed).toHaveBeenCalledTimes(2);
  });
});
