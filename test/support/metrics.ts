import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Api } from './api.js';

/** Waits until this many upload requests are being received. */
export async function uploadSlotsUsed(api: Api, count: number): Promise<void> {
  const used = async () =>
    Number(
      /stratum_upload_slots_used (\d+)/.exec(await (await api.fetch('/metrics')).text())?.[1] ??
        NaN,
    );
  for (let tries = 0; tries < 500 && (await used()) !== count; tries += 1) await delay(20);
  expect(await used()).toBe(count);
}
