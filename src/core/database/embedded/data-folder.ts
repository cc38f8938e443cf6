import { chmod, mkdir, open, realpath, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { accountCan, type Launch } from './child-process.js';
import { EmbeddedPostgresUnavailableError } from './embedded-postgres.errors.js';

/** A folder as PostgreSQL is to name it; `handle`, if any, must become the child's descriptor 3. */
export interface ReachedFolder {
  path: string;
  handle?: FileHandle;
}

/**
 * Makes the data folder if absent and returns its real path. What root makes here the unprivileged
 * account can enter whatever the umask; what exists keeps its mode.
 */
export async function makeDataFolder(dataDir: string): Promise<string> {
  const wanted = resolve(dataDir);
  const firstMade = await mkdir(wanted, { recursive: true });
  if (firstMade && process.getuid?.() === 0) {
    for (let folder = wanted; ; folder = dirname(folder)) {
      await chmod(folder, 0o755);
      if (folder === firstMade || folder === dirname(folder)) break;
    }
  }
  return await realpath(wanted);
}

/**
 * Names a folder that belongs to the account so that it can enter it. Below a closed parent (a
 * clone under /root) no path leads there, so root opens the folder and the child enters it through
 * the inherited descriptor: `/proc/self/fd/3` is a magic link, its target's parents are not walked.
 * This needs no capability beyond changing the uid.
 */
export async function reachFolder(launch: Launch, folder: string): Promise<ReachedFolder> {
  const enter = 'cd "$1" && test -w .';
  if (!launch.account || (await accountCan(launch, enter, folder))) return { path: folder };
  const handle = await open(folder, 'r');
  const path = '/proc/self/fd/3';
  if (await accountCan(launch, enter, path, handle.fd)) return { path, handle };
  await handle.close();
  throw new EmbeddedPostgresUnavailableError(
    `The account ${launch.account.name}, which runs PostgreSQL because it refuses root, can't enter ${folder}. ` +
      'Point STRATUM_DATA_DIR at a folder whose parents it may enter (chmod o+x), or start as another user.',
  );
}

/** Makes the names in a folder durable: a rename survives a power cut only after this. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
