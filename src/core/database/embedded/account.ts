import type { Stats } from 'node:fs';
import { lchown, lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild, type Account } from './child-process.js';
import { EmbeddedPostgresUnavailableError } from './embedded-postgres.errors.js';

// Accounts made for a service first; `nobody` may be shared with strangers.
const PREFERRED_ACCOUNTS = ['postgres', '_postgres', 'pgsql', 'node', 'nobody', 'daemon'];

/**
 * Who runs PostgreSQL: we ourselves (undefined), or, since it refuses uid 0, an unprivileged
 * account when we are root. An existing cluster keeps its owner.
 */
export async function chooseAccount(cluster: string): Promise<Account | undefined> {
  const self = process.getuid?.();
  const found = await lstatIfPresent(cluster);
  if (self !== 0) {
    if (found && found.uid !== self) {
      throw new EmbeddedPostgresUnavailableError(
        `${cluster} belongs to uid ${found.uid}, and this process runs as uid ${self}.`,
      );
    }
    return undefined;
  }
  if (found && found.uid !== 0) {
    return { name: `uid ${found.uid}`, uid: found.uid, gid: found.gid };
  }
  const account = await findUnprivilegedAccount();
  const { code, output } = await runChild({ account }, '/bin/sh', ['-c', ':']);
  if (code !== 0) {
    throw new EmbeddedPostgresUnavailableError(
      `PostgreSQL refuses to run as root, and this root may not become ${account.name} (${output.trim()}). Start as another user.`,
    );
  }
  // A backup restored by root belongs to root.
  if (found) await giveTreeTo(account, cluster);
  return account;
}

/** Hands a folder and what is in it to the account; links are not followed. */
export async function giveTreeTo(account: Account, folder: string): Promise<void> {
  await lchown(folder, account.uid, account.gid);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
}

/** `lstat`, or undefined when there is nothing. */
export async function lstatIfPresent(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function findUnprivilegedAccount(): Promise<Account> {
  const accounts = new Map<string, Account>();
  for (const line of (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')) {
    const [name, , uid, gid] = line.split(':');
    // macOS gives `nobody` the uid -2, which `spawn` does not take.
    if (name && Number(uid) > 0 && Number(gid) > 0) {
      accounts.set(name, { name, uid: Number(uid), gid: Number(gid) });
    }
  }
  for (const name of PREFERRED_ACCOUNTS) {
    const account = accounts.get(name);
    if (account) return account;
  }
  throw new EmbeddedPostgresUnavailableError(
    `PostgreSQL refuses to run as root, and /etc/passwd has none of the accounts ${PREFERRED_ACCOUNTS.join(', ')}. Start as another user.`,
  );
}
