import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { FaultPart } from '../support/faults/part.js';
import { seededRandom } from '../support/history.js';

const run = promisify(execFile);
const IMAGE_BYTES = 64 * 1024 * 1024;
const CUTS_PER_ROUND = 20;

/**
 * An ext4 file system in a file. What this file holds at a moment is what a disk would hold if the power
 * went off then: a copy of it is mounted, as after the next start.
 */
class PowerLab {
  private constructor(
    private readonly folder: string,
    readonly disk: string,
  ) {}

  static async open(): Promise<PowerLab | null> {
    const folder = await mkdtemp(join(tmpdir(), 'stratum-power-'));
    const lab = new PowerLab(folder, join(folder, 'disk'));
    try {
      for (const name of ['disk', 'after']) await mkdir(join(folder, name));
      await writeFile(join(folder, 'image'), '');
      await truncate(join(folder, 'image'), IMAGE_BYTES);
      await run('mkfs.ext4', ['-q', '-F', join(folder, 'image')]);
      await run('mount', ['-o', 'loop', join(folder, 'image'), lab.disk]);
      return lab;
    } catch (error) {
      process.stderr.write(`K5 is SKIPPED: no image can be mounted here (${String(error)})\n`);
      await rm(folder, { recursive: true });
      return null;
    }
  }

  /** What the disk holds now, mounted while `look` runs. */
  async afterPowerCut<T>(look: (disk: string) => Promise<T>): Promise<T> {
    const [copy, after] = [join(this.folder, 'copy'), join(this.folder, 'after')];
    await run('cp', ['--sparse=always', join(this.folder, 'image'), copy]);
    await run('mount', ['-o', 'loop', copy, after]);
    try {
      return await look(after);
    } finally {
      await run('umount', [after]);
    }
  }

  async close(): Promise<void> {
    await run('umount', ['--lazy', this.disk]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

describe('after a power cut at the moment of the answer', () => {
  let lab: PowerLab | null = null;
  let app: TestApp | null = null;
  afterEach(async () => {
    await app?.stop();
    await lab?.close();
    [lab, app] = [null, null];
  });

  const start = async (settings: Record<string, string>): Promise<PowerLab | null> => {
    lab = await PowerLab.open();
    if (lab) {
      const STRATUM_DATA_DIR = join(lab.disk, 'data');
      app = await startTestApp({ STRATUM_DATA_DIR, ...settings });
    }
    return lab;
  };

  /** How many of the acknowledged files are not there with their bytes when the power is back. */
  const lostAfterCut = async (there: PowerLab, random: () => number): Promise<number> => {
    const content = randomBytes(1 + Math.floor(random() * 100_000));
    const stored = await app!.upload(content);
    expect(stored.status).toBe(201);
    const rows = await app!.database.query<{ content_hash: string; storage_key: string }>(
      'SELECT content_hash, storage_key FROM files',
    );
    const lost = await there.afterPowerCut(async (disk) => {
      const found = await Promise.all(
        rows.map(async ({ content_hash, storage_key }) => {
          const path = join(disk, 'data/storage', storage_key);
          const bytes = await readFile(path).catch(() => Buffer.alloc(0));
          return createHash('sha256').update(bytes).digest('hex') === content_hash;
        }),
      );
      return found.filter((isThere) => !isThere).length;
    });
    // Room for more: what is removed here was looked at.
    if (rows.length > 40) {
      for (const { storage_key } of rows) await rm(join(there.disk, 'data/storage', storage_key));
      await app!.database.query('DELETE FROM file_references');
      await app!.database.query('DELETE FROM files');
    }
    return lost;
  };

  it('every acknowledged file is there with its bytes', async () => {
    const part = new FaultPart('K5', 'power cuts', { short: 5, full: 200 });
    const there = await start({});
    if (!there) return;
    const { done } = await part.play(async (random) => {
      const cuts = Math.min(CUTS_PER_ROUND, part.goal);
      for (let n = 0; n < cuts; n += 1) expect(await lostAfterCut(there, random)).toBe(0);
      return { faults: cuts };
    });
    expect(done).toBeGreaterThanOrEqual(part.goal);
  }, 1_800_000);

  it('files are lost when nothing is flushed (control)', async () => {
    const part = new FaultPart('K5', 'control without fsync', { short: 3, full: 10 });
    const there = await start({ STRATUM_FAULT_SWITCH: 'fsync' });
    if (!there) return;
    await part.play(async () => {
      let losses = 0;
      for (let n = 0; n < part.goal; n += 1) losses += await lostAfterCut(there, seededRandom(n));
      expect(losses).toBeGreaterThan(0);
      return { faults: part.goal, figures: { losses } };
    });
  });
});
