import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Sandbox } from './engine.types.js';

/** An account that owns nothing, before those made for other services. */
const ACCOUNTS = ['nobody', 'daemon'];

/** No network at all: a namespace of its own, with no interface that is up. As another user than root it
 * takes a user namespace too, which some systems refuse. */
const LAUNCHERS = [
  ['unshare', '--net', '--'],
  ['unshare', '--map-current-user', '--net', '--'],
  ['unshare', '--map-root-user', '--net', '--'],
];

/** What this system lets us do to keep children apart, and in words what it does not. */
export async function findSandbox(): Promise<{ sandbox: Sandbox; missing: string[] }> {
  const launcher = await findLauncher();
  const account = process.getuid?.() === 0 ? await findAccount() : null;
  const missing: string[] = [];
  if (!launcher) missing.push('network namespace');
  if (process.getuid?.() === 0 && !account) missing.push('unprivileged account');
  if (process.platform !== 'linux') missing.push('watched memory');
  return { sandbox: { launcher: launcher ?? [], account }, missing };
}

async function findLauncher(): Promise<string[] | null> {
  for (const launcher of LAUNCHERS) {
    if (await succeeds([...launcher, 'true'])) return launcher;
  }
  return null;
}

async function succeeds([command, ...args]: string[]): Promise<boolean> {
  try {
    const child = spawn(command as string, args, { stdio: 'ignore', env: ENVIRONMENT });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } catch {
    return false;
  }
}

/** Nothing of ours: it holds secrets. */
export const ENVIRONMENT = { LC_ALL: 'C.UTF-8', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

async function findAccount(): Promise<Sandbox['account']> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  for (const wanted of ACCOUNTS) {
    for (const line of lines) {
      const [name, , uid, gid] = line.split(':');
      if (name === wanted && Number(uid) > 0 && Number(gid) > 0) {
        return { uid: Number(uid), gid: Number(gid) };
      }
    }
  }
  return null;
}
