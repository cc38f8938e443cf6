import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Open files and sockets of a process. */
export async function descriptorsOf(pid: number): Promise<number> {
  if (process.platform === 'linux') return (await readdir(`/proc/${pid}/fd`)).length;
  const { stdout } = await promisify(execFile)('lsof', ['-p', String(pid)]);
  return stdout.trimEnd().split('\n').length - 1;
}

/** The same once it no longer changes. */
export async function settledDescriptors(pid: number): Promise<number> {
  let open = await descriptorsOf(pid);
  for (;;) {
    await delay(300);
    const again = await descriptorsOf(pid);
    if (again === open) return open;
    open = again;
  }
}

/** The same once it is down to a number, or after five seconds. */
export async function descriptorsAtMost(pid: number, wanted: number): Promise<number> {
  let open = await descriptorsOf(pid);
  for (const deadline = Date.now() + 5_000; open > wanted && Date.now() < deadline;) {
    await delay(50);
    open = await descriptorsOf(pid);
  }
  return open;
}
