import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseUnavailableError } from '../../core/errors/index.js';
import { LOCK_SECONDS, UploadLock } from './upload-lock.js';
import { UploadLockedError } from './uploads.errors.js';

describe('UploadLock', () => {
  let renewals: number;
  let kept: boolean[];
  let answer: () => Promise<{ isReleaseAsked: boolean } | null>;
  let sut: UploadLock;

  beforeEach(() => {
    jest.useFakeTimers();
    renewals = 0;
    kept = [];
    answer = async () => ({ isReleaseAsked: false });
    sut = new UploadLock('token', {
      renew: (_, brings) => {
        renewals += 1;
        kept.push(brings);
        return answer();
      },
      setLength: async () => true,
      keep: async () => true,
      release: async () => undefined,
    });
  });
  afterEach(async () => {
    await sut.release();
    jest.useRealTimers();
  });

  /** So many seconds with a byte in each, or none. */
  async function pass(seconds: number, isBusy: boolean): Promise<void> {
    for (let n = 0; n < seconds; n += 1) {
      if (isBusy) sut.heard();
      await jest.advanceTimersByTimeAsync(1000);
    }
  }

  it('is renewed three times in its time while bytes come', async () => {
    await pass(LOCK_SECONDS * 4, true);
    expect(renewals).toBe(12);
    expect(() => sut.assertHeld()).not.toThrow();
  });

  it('is given up for another that asks when nothing comes, and not before', async () => {
    answer = async () => ({ isReleaseAsked: true });
    await pass(20, true);
    expect(sut.ended.aborted).toBe(false);
    // The last byte is a second old by now.
    await pass(1, false);
    expect(sut.ended.aborted).toBe(false);
    await pass(1, false);
    expect(sut.ended.reason).toBeInstanceOf(UploadLockedError);
    // What has come can still be made durable.
    expect(() => sut.assertHeld()).not.toThrow();
  });

  it('is kept from others while they do not ask, however silent it is', async () => {
    await pass(60, false);
    expect(sut.ended.aborted).toBe(false);
  });

  it('keeps the upload from its first byte on, and not before', async () => {
    await sut.renew();
    expect(kept).toEqual([false]);
    await sut.heardBytes();
    await sut.heardBytes();
    expect(kept).toEqual([false, true]);
    await sut.renew();
    expect(kept).toEqual([false, true, true]);
  });

  it('is lost when its row says so, and nothing is written any more', async () => {
    answer = async () => null;
    await pass(6, true);
    expect(sut.ended.reason).toBeInstanceOf(UploadLockedError);
    expect(() => sut.assertHeld()).toThrow(UploadLockedError);
  });

  it('lets nothing be written when it could not be renewed for two thirds of its time', async () => {
    answer = () => Promise.reject(new Error('no database'));
    await pass(10, true);
    expect(() => sut.assertHeld()).not.toThrow();
    await pass(1, true);
    expect(() => sut.assertHeld()).toThrow(DatabaseUnavailableError);
  });

  it('lets nothing be written by a process that was frozen, at once', () => {
    const frozen = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 11_000);
    expect(() => sut.assertHeld()).toThrow(DatabaseUnavailableError);
    frozen.mockRestore();
  });
});
