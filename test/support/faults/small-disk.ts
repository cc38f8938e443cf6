import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A small disk of memory, where this account may mount one; else says aloud that the part is skipped. */
export async function mountSmallDisk(part: string, mebibytes: number): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'stratum-test', folder]);
    return folder;
  } catch (error) {
    process.stderr.write(
      `${part} is SKIPPED: no file system can be mounted here (${String(error)})\n`,
    );
    await rm(folder, { recursive: true });
    return null;
  }
}

export async function unmount(disk: string): Promise<void> {
  await run('umount', ['--lazy', disk]);
  await rm(disk, { recursive: true, force: true });
}
