import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { unlessAborted } from './unless-aborted.js';

describe('Work that others may wait for, too,', () => {
  const never = new Promise<never>(() => undefined);

  it('gives what comes of it', async () => {
    const { signal } = new AbortController();
    await expect(unlessAborted(signal, Promise.resolve(7))).resolves.toBe(7);
    await expect(unlessAborted(signal, Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is waited for no longer than the signal lets it', async () => {
    const over = new AbortController();
    const waiting = unlessAborted(over.signal, never);
    over.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    await expect(unlessAborted(over.signal, never)).rejects.toThrow('over');
  });
});
