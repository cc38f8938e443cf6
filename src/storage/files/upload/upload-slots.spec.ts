import { beforeEach, describe, expect, it } from '@jest/globals';
import { loadEnv } from '../../../core/config/load-env.js';
import { Metrics } from '../../../core/metrics/metrics.js';
import { TooManyUploadsError, UploadSlotsBusyError } from '../files.errors.js';
import { UploadSlots } from './upload-slots.js';

const USER = 'a user';

describe('UploadSlots', () => {
  let metrics: Metrics;
  let sut: UploadSlots;
  const shown = async (): Promise<number | undefined> =>
    (await metrics.uploadSlots.get()).values[0]?.value;

  beforeEach(() => {
    metrics = new Metrics();
    sut = new UploadSlots(loadEnv({ UPLOAD_SLOTS: '2' }, null), metrics);
  });

  it('are as many as the setting says; who comes then is told to come back', () => {
    sut.take(USER);
    sut.take(USER);
    expect(() => sut.take(USER)).toThrow(UploadSlotsBusyError);
    expect(new UploadSlotsBusyError()).toMatchObject({
      kind: 'unavailable',
      retryAfter: expect.any(Number),
    });
  });

  it('are free again when they are given back', () => {
    const giveBack = sut.take(USER);
    sut.take(USER);
    giveBack();
    expect(() => sut.take(USER)).not.toThrow();
    expect(() => sut.take(USER)).toThrow(UploadSlotsBusyError);
  });

  it('count once however often one is given back', () => {
    const giveBack = sut.take(USER);
    sut.take(USER);
    giveBack();
    giveBack();
    sut.take(USER);
    expect(() => sut.take(USER)).toThrow(UploadSlotsBusyError);
  });

  it('are not lost to those who were refused', () => {
    const held = [sut.take(USER), sut.take(USER)];
    for (let turn = 0; turn < 5; turn += 1)
      expect(() => sut.take(USER)).toThrow(UploadSlotsBusyError);
    for (const giveBack of held) giveBack();
    expect([sut.take(USER), sut.take(USER)]).toHaveLength(2);
  });

  it('do not all go to one user', () => {
    sut = new UploadSlots({ UPLOAD_SLOTS: 3, UPLOAD_SLOTS_PER_USER: 2 }, metrics);
    const giveBack = sut.take(USER);
    sut.take(USER);
    expect(() => sut.take(USER)).toThrow(TooManyUploadsError);
    giveBack();
    giveBack();
    sut.take(USER);
    expect(() => sut.take(USER)).toThrow(TooManyUploadsError);
    sut.take('another');
    expect(() => sut.take('a third')).toThrow(UploadSlotsBusyError);
  });

  it('are shown by the metrics', async () => {
    const giveBack = sut.take(USER);
    sut.take(USER);
    expect(await shown()).toBe(2);
    giveBack();
    expect(await shown()).toBe(1);
  });
});
