import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type {
  DatabaseNotifications,
  NotificationHandler,
  Transaction,
} from '../../core/database/index.js';
import { KnownPrincipals, type Identified } from './known-principals.service.js';

const HASH = Buffer.from('of a key');

const somebody = (given: Partial<Identified> = {}): Identified => ({
  id: 'ada',
  name: 'ada',
  isAdmin: false,
  subjects: ['ada'],
  permissions: new Set(),
  keyId: 'key',
  expiresAt: null,
  ...given,
});

let sut: KnownPrincipals;
let tell: NotificationHandler;
let told: string[];
let asked: number;
let found: Identified | null;

const find = async () => {
  asked += 1;
  return found;
};
const ask = () => sut.of(HASH, find);

beforeEach(() => {
  // The cache has taken the clock with it when it was loaded, so that one is told the time itself.
  jest.useFakeTimers({ doNotFake: ['performance'] });
  jest.spyOn(performance, 'now').mockImplementation(() => Date.now());
  told = [];
  asked = 0;
  found = somebody();
  sut = new KnownPrincipals({
    subscribe: (_channel: string, handler: NotificationHandler) => void (tell = handler),
    notify: async (_tx: Transaction, _channel: string, payload: string) => void told.push(payload),
  } as unknown as DatabaseNotifications);
  sut.onModuleInit();
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('Known principals', () => {
  it('are asked for once in five seconds, and not longer where nothing is heard', async () => {
    await ask();
    jest.advanceTimersByTime(4_900);
    expect(await ask()).toEqual(somebody());
    expect(asked).toBe(1);
    found = null;
    jest.advanceTimersByTime(200);
    expect(await ask()).toBeNull();
  });

  it('are asked for each time when they are nobody', async () => {
    found = null;
    await ask();
    found = somebody();
    expect(await ask()).toEqual(somebody());
  });

  it('end with their credential, however short it was remembered', async () => {
    found = somebody({ expiresAt: new Date(Date.now() + 1_000) });
    await ask();
    jest.advanceTimersByTime(999);
    await ask();
    expect(asked).toBe(1);
    jest.advanceTimersByTime(1);
    found = null;
    expect(await ask()).toBeNull();
  });

  it.each([
    ['their user has changed', 'ada', 2],
    ['anybody may have changed', null, 2],
    ['everybody has changed', '*', 2],
    ['another has changed', 'bob', 1],
  ])('are asked for again when told that %s', async (_what, payload, times) => {
    await ask();
    tell(payload);
    await ask();
    expect(asked).toBe(times);
  });

  it('are not remembered as they were before a change that came while they were asked for', async () => {
    await sut.of(HASH, async () => {
      tell('ada');
      return somebody({ isAdmin: true });
    });
    expect(await ask()).toEqual(somebody());
  });

  it('are forgotten here with the commit, and told of in the transaction', async () => {
    const hooks: (() => void)[] = [];
    const tx = { afterCommit: (hook: () => void) => void hooks.push(hook) } as Transaction;
    await ask();
    await sut.userChanged(tx, 'ada');
    expect(told).toEqual(['ada']);
    await ask();
    expect(asked).toBe(1);
    hooks[0]?.();
    await ask();
    expect(asked).toBe(2);
    await sut.everybodyChanged(tx);
    hooks[1]?.();
    await ask();
    expect(asked).toBe(3);
  });
});
