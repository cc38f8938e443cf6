import { beforeEach, describe, expect, it } from '@jest/globals';
import { loadEnv } from '../../../core/config/load-env.js';
import { Metrics } from '../../../core/metrics/metrics.js';
import { UploadSlotsBusyError } from '../files.errors.js';
import { UploadSlots } from './upload-slots.js';

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
    sut.take();
    sut.take();
    expect(() => sut.take()).toThrow(UploadSlotsBusyError);
    expect(new UploadSlotsBusyError()).toMatchObject({
      kind: 'unavailable',
      retryAfter: expect.any(Number),
    });
  });

  it('are free again when they are given back', () => {
    const giveBack = sut.take();
    sut.take();
    giveBack();
    expect(() => sut.take()).not.toThrow();
    expect(() => sut.take()).toThrow(UploadSlotsBusyError);
  });

  it('count once however often one is given back', () => {
    const giveBack = sut.take();
    sut.take();
    giveBack();
    giveBack();
    sut.take();
    expect(() => sut.take()).toThrow(UploadSlotsBusyError);
  });

  it('are not lost to those who were refused', () => {
    const held = [sut.take(), sut.take()];
    for (let turn = 0; turn < 5; turn += 1) expect(() => sut.take()).toThrow(UploadSlotsBusyError);
    for (const giveBack of held) giveBack();
    expect([sut.take(), sut.take()]).toHaveLength(2);
  });

  it('are shown by the metrics', async () => {
    const giveBack = sut.take();
    sut.take();
    expect(await shown()).toBe(2);
    giveBack();
    expect(await shown()).toBe(1);
  });
});
