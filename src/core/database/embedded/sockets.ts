import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readlink, rmdir, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { accountCan, type Launch } from './child-process.js';
import { EmbeddedPostgresUnavailableError } from './embedded-postgres.errors.js';

/**
 * Where the sockets lie. In the data folder, if their paths are short enough:
 *
 *     <data>/control.sock
 *     <data>/postgres/.s.PGSQL.5432          the cluster's folder is 0700 and the account's own
 *
 * else in a temporary folder that a link in the data folder leads to, for a second starter and for
 * whoever cleans up after a killed owner:
 *
 *     <data>/control.sock -> <tmp>/stratum-<random>/control.sock
 *     <tmp>/stratum-<random>/postgres/.s.PGSQL.5432
 */
export interface Sockets {
  control: string;
  /** The folder that clients name. */
  postgresFolder: string;
  /** The same folder as the server is to name it, seen from the cluster's folder. */
  serverFolder: string;
  temporary?: string;
}

export const POSTGRES_PORT = 5432;

// sockaddr_un.sun_path takes 108 bytes on Linux, 104 on macOS, some clients less.
const LONGEST_PATH = 100;
const POSTGRES_SOCKET = `.s.PGSQL.${POSTGRES_PORT}`;
const TEMPORARY_NAME = /^stratum-[0-9a-f]{16}$/;

/** The entry of the data folder that is, or leads to, the control socket. */
export function controlEntry(dataDir: string): string {
  return join(dataDir, 'control.sock');
}

/** The path to connect to: the link is read, since its own path may be too long for a socket. */
export async function findControlSocket(dataDir: string): Promise<string | undefined> {
  const entry = controlEntry(dataDir);
  const path = await readlink(entry).catch(() => entry);
  return fits(path) ? path : undefined;
}

/** To be called by the owner of the data folder only, after {@link removeSockets}. */
export async function placeSockets(
  launch: Launch,
  dataDir: string,
  cluster: string,
): Promise<Sockets> {
  const control = controlEntry(dataDir);
  if (fits(control) && fits(join(cluster, POSTGRES_SOCKET))) {
    // Relative to the cluster: reached by the account whatever lies above it.
    return { control, postgresFolder: cluster, serverFolder: '.' };
  }
  const temporary = join(await temporaryBase(launch), `stratum-${randomBytes(8).toString('hex')}`);
  const sockets = {
    control: join(temporary, 'control.sock'),
    postgresFolder: join(temporary, 'postgres'),
    serverFolder: join(temporary, 'postgres'),
    temporary,
  };
  // The link first: a kill between the two must leave no folder that nothing leads to.
  await symlink(sockets.control, control);
  await mkdir(temporary, { mode: 0o700 });
  await mkdir(sockets.postgresFolder, { mode: 0o700 });
  if (launch.account) {
    await chown(sockets.postgresFolder, launch.account.uid, launch.account.gid);
    // The account passes through, and sees nothing else here.
    await chmod(temporary, 0o711);
  }
  return sockets;
}

/** Removes the control socket and the temporary folder, ours or a killed owner's. */
export async function removeSockets(dataDir: string): Promise<void> {
  const entry = controlEntry(dataDir);
  const target = await readlink(entry).catch(() => undefined);
  if (target !== undefined) await removeTemporary(dirname(target));
  await quietly(unlink(entry));
}

/** What a server that was killed could not remove. */
export async function removeServerSockets(sockets: Pick<Sockets, 'postgresFolder'>): Promise<void> {
  const socket = join(sockets.postgresFolder, POSTGRES_SOCKET);
  await quietly(unlink(socket));
  await quietly(unlink(`${socket}.lock`));
}

/** Deletes by name and never recursively: whoever can write to the data folder chose the link. */
async function removeTemporary(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined);
  const ours = found?.isDirectory() && found.uid === process.getuid?.();
  if (!ours || !TEMPORARY_NAME.test(basename(folder))) return;
  const postgres = join(folder, 'postgres');
  await removeServerSockets({ postgresFolder: postgres });
  await quietly(rmdir(postgres));
  await quietly(unlink(join(folder, 'control.sock')));
  await quietly(rmdir(folder));
}

async function temporaryBase(launch: Launch): Promise<string> {
  const bases = [tmpdir(), '/tmp', '/var/tmp', '/dev/shm'];
  for (const base of bases) {
    const longest = join(base, `stratum-${'0'.repeat(16)}`, 'postgres', POSTGRES_SOCKET);
    const writable = await accountCan({}, 'test -d "$1" && test -w "$1"', base);
    if (fits(longest) && writable && (await accountCan(launch, 'test -x "$1"', base))) return base;
  }
  throw new EmbeddedPostgresUnavailableError(
    `the data folder's path is too long for a socket, and none of ${bases.join(', ')} can take it.`,
  );
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= LONGEST_PATH;
}

async function quietly(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}
