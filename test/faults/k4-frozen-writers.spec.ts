import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { switchOff } from '../../src/core/faults/fault-switches.js';
import { startCluster, type Cluster } from '../support/cluster.js';
import { FaultPart } from '../support/faults/part.js';
import { sha256Of } from '../support/history.js';
import type { Service } from '../support/service.js';
import { checksumOf, tusOf, type Tus } from '../support/tus.js';

const SIZE = 200_000;
/** Where the writer begins that freezes, and how far another has come while it sleeps. */
const [FROM, AMID] = [50_000, 120_000];

/** At which call on the bytes, counted by how often the lock was asked for, and when it wakes up. */
interface Freeze {
  before: 'opening them' | 'a write' | 'cutting them';
  nth: number;
  wakesUp: 'amid' | 'at the end';
}
const FREEZES: Freeze[] = [
  // The second is before it reads what it does not know.
  { before: 'a write', nth: 3, wakesUp: 'at the end' },
  { before: 'cutting them', nth: 4, wakesUp: 'at the end' },
  { before: 'opening them', nth: 1, wakesUp: 'amid' },
  { before: 'a write', nth: 3, wakesUp: 'amid' },
  { before: 'cutting them', nth: 4, wakesUp: 'amid' },
];

let cluster: Cluster;
let steady: Tus;
beforeAll(async () => {
  cluster = await startCluster();
  steady = tusOf(cluster.steady);
});
afterEach(() => switchOff(undefined));
afterAll(() => cluster.stop());

async function untilStopped({ process: { pid } }: Service): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await delay(10)) {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)]);
    if (stdout.trim().startsWith('T')) return;
  }
  throw new Error('The process did not freeze.');
}

/** What is wrong after a writer has frozen and another has gone on with its upload; none is an empty list. */
async function lossesAfter(
  { before, nth, wakesUp }: Freeze,
  random: () => number,
): Promise<string[]> {
  const content = randomBytes(SIZE);
  const path = await steady.create({ 'Upload-Length': SIZE }, content.subarray(0, FROM));
  const frozen = await cluster.start({ STRATUM_FAULT_POINT: `T1:${nth}:freeze` });
  const other = randomBytes(random() < 0.5 ? SIZE - FROM : AMID - FROM);
  const isWrong = before === 'cutting them';
  const headers = { ...(isWrong && { 'Upload-Checksum': checksumOf('sha1', 'something else') }) };
  const late = tusOf(frozen).patch(path, FROM, other, headers);
  await untilStopped(frozen);
  // Nobody waits for the 15 seconds of a dead process's lock here.
  await cluster.steady.database.query(
    `UPDATE uploads SET lock_until = now() - interval '1 second' WHERE lock_until IS NOT NULL`,
  );
  const wakeUp = async (): Promise<void> => {
    frozen.process.kill('SIGCONT');
    expect((await late).ok).toBe(false);
  };
  expect((await steady.patch(path, FROM, content.subarray(FROM, AMID))).status).toBe(204);
  if (wakesUp === 'amid') await wakeUp();
  const last = await steady.patch(path, AMID, content.subarray(AMID));
  if (wakesUp === 'at the end') await wakeUp();
  await frozen.kill();
  const id = last.headers.get('stratum-file-id');
  if (id === null) return [`${last.status} ${await last.text()}`];
  // The independent checker reads what lies on the disk.
  const found = await cluster.breachesAtRest();
  if ((await cluster.references(sha256Of(content))) !== 1) found.push('the file has other bytes');
  await cluster.steady.fetch(`/v1/files/${id}`, { method: 'DELETE' });
  expect(await cluster.breachesAtRest()).toEqual([]);
  return found;
}

describe('a writer of an upload that freezes after it has looked at its lock', () => {
  it('changes nothing of what another goes on with', async () => {
    const part = new FaultPart('K4', 'frozen writers', { short: 3, full: 100 });
    const { done } = await part.play(async (random, number) => {
      const freeze = FREEZES[number % FREEZES.length] as Freeze;
      expect({ freeze, losses: await lossesAfter(freeze, random) }).toEqual({ freeze, losses: [] });
      return { faults: 1 };
    });
    expect(done).toBeGreaterThanOrEqual(part.goal);
  }, 3_600_000);

  it('does when the other goes on in the same place (control)', async () => {
    const part = new FaultPart('K4', 'control without a place of their own', {
      short: 1,
      full: FREEZES.length,
    });
    await part.play(async (random, number) => {
      switchOff('own-place');
      const freeze = FREEZES[number % FREEZES.length] as Freeze;
      const losses = await lossesAfter(freeze, random);
      expect({ freeze, losses }).not.toEqual({ freeze, losses: [] });
      return { faults: 1, figures: { losses: losses.length } };
    });
  }, 600_000);
});
