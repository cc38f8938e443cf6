import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

/** Bytes of memory that a process occupies: from Linux itself, elsewhere from `ps`. */
export async function residentBytes(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) * 1024;
}

/** The most that a process occupies while something is done, looked at ten times a second. */
export async function peakResidentBytes(
  pid: number,
  work: () => Promise<unknown>,
): Promise<number> {
  let isOver = false;
  const running = work().finally(() => (isOver = true));
  let peak = 0;
  while (!isOver) {
    peak = Math.max(peak, await residentBytes(pid));
    await Promise.race([delay(100), running]);
  }
  await running;
  return peak;
}
