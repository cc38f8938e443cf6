import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lstatIfPresent } from './account.js';
import { runChild, type Launch } from './child-process.js';
import { reachFolder, syncFolder } from './data-folder.js';
import { EmbeddedPostgresFailedError } from './embedded-postgres.errors.js';
import { lastLines } from './postgres-log.js';

/** The superuser that initdb makes, and the owner of everything of ours. */
export const POSTGRES_USER = 'stratum';

const UNFINISHED = 'postgres.init-';

// The character class of a letter comes from the system's locale even under the builtin provider:
// under ctype C, pg_trgm finds no trigrams in Cyrillic or Japanese.
const UTF8_CTYPES = ['C.UTF-8', 'C.utf8', 'en_US.UTF-8', 'UTF-8'];

// Written to the cluster's postgresql.conf, where an operator may change them. fsync,
// full_page_writes and synchronous_commit stay on, as PostgreSQL ships them.
const INITIAL_SETTINGS = [
  'max_connections=100',
  'shared_buffers=128MB',
  'timezone=UTC',
  'log_timezone=UTC',
  // Compiling plans costs more than it gives on queries of milliseconds.
  'jit=off',
  'log_checkpoints=off',
];

/**
 * Makes the cluster if there is none. initdb works in a sibling folder that is renamed when it is
 * complete and durable, so a kill at any point leaves either nothing or a whole cluster.
 */
export async function ensureCluster(
  launch: Launch,
  binaries: string,
  dataDir: string,
  cluster: string,
): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith(UNFINISHED)) await removeUnfinished(join(dataDir, name));
  }
  if (await isCluster(cluster)) return;

  const unfinished = join(dataDir, UNFINISHED + randomBytes(8).toString('hex'));
  await mkdir(unfinished, { mode: 0o700 });
  try {
    if (launch.account) await chown(unfinished, launch.account.uid, launch.account.gid);
    await runInitdb(launch, binaries, unfinished);
    await rename(unfinished, cluster);
  } catch (error) {
    await removeUnfinished(unfinished);
    throw error;
  }
  await syncFolder(dataDir);
}

async function isCluster(cluster: string): Promise<boolean> {
  if (!(await lstatIfPresent(cluster))) return false;
  const names = await readdir(cluster);
  if (names.includes('PG_VERSION')) return true;
  // The rename takes the place of an empty folder; anything else is not ours to replace.
  if (names.length === 0) return false;
  throw new EmbeddedPostgresFailedError(`${cluster} holds something other than a cluster.`);
}

async function runInitdb(launch: Launch, binaries: string, folder: string): Promise<void> {
  const { path, handle } = await reachFolder(launch, folder);
  try {
    let output = '';
    for (const ctype of UTF8_CTYPES) {
      const args = initdbArguments(path, ctype);
      const result = await runChild(launch, join(binaries, 'bin', 'initdb'), args, handle?.fd);
      if (result.code === 0) return;
      output = result.output;
      if (!/invalid locale name/.test(output)) break;
    }
    throw new EmbeddedPostgresFailedError(`initdb failed.${hint(output)}`, lastLines(output));
  } finally {
    await handle?.close();
  }
}

// initdb syncs what it made, folder by folder: 50 ms of its 850, so it is left to do so.
function initdbArguments(folder: string, ctype: string): string[] {
  return [
    `--pgdata=${folder}`,
    `--username=${POSTGRES_USER}`,
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    `--lc-ctype=${ctype}`,
    // Nobody but the owner of the 0700 folder reaches the socket, so it asks for no password.
    '--auth-local=trust',
    '--auth-host=reject',
    ...INITIAL_SETTINGS.flatMap((setting) => ['--set', setting]),
  ];
}

function hint(output: string): string {
  if (/could not look up effective user ID/.test(output)) {
    return ' It needs an entry in /etc/passwd for the user it runs as; add one, or set DATABASE_URL.';
  }
  if (/invalid locale name/.test(output)) {
    return ` This system has none of the locales ${UTF8_CTYPES.join(', ')}.`;
  }
  return '';
}

async function removeUnfinished(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
