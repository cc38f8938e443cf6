import { readFile, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runChild, waitUntil, type Launch } from './child-process.js';
import { EmbeddedPostgresFailedError } from './embedded-postgres.errors.js';
import { removeServerSockets, type Sockets } from './sockets.js';

/** Signals to a postmaster, ever less gentle, and how long each gets. */
export const SHUTDOWN_STEPS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

const ORPHAN_PATIENCE = 5_000;

/**
 * The argument by which a postmaster of ours is known: the name of a setting that PostgreSQL
 * ignores, and the cluster's real path. `-D` does not serve, it may be `/proc/self/fd/3`.
 */
export function clusterMark(cluster: string): string {
  return `stratum.cluster=${cluster}`;
}

/**
 * Stops what a killed owner left running. To be called by the holder of the data folder's lock.
 * A process that merely has the recorded pid is left alone, but the record goes: PostgreSQL would
 * take that process for a postmaster and refuse to start. Should one run all the same, its shared
 * memory, which PostgreSQL finds by the cluster's inode, still keeps a second one out.
 */
export async function stopLeftover(
  cluster: string,
  sockets: Sockets,
  log: (message: string) => void,
): Promise<void> {
  const record = join(cluster, 'postmaster.pid');
  const pid = await readPid(record);
  if (pid === undefined || !isAlive(pid)) return;

  const isOurs = async () => (await commandLine(pid)).includes(clusterMark(cluster));
  if (await isOurs()) {
    log(`Stopping PostgreSQL (process ${pid}), left over from a killed owner.`);
    await shutDown(pid, isOurs);
  }
  if (isAlive(pid) && (await isForeignPostmaster(pid, cluster))) {
    throw new EmbeddedPostgresFailedError(
      `A PostgreSQL that Stratum did not start (process ${pid}) uses ${cluster}. Stop it first.`,
    );
  }
  if (!isAlive(pid)) return;
  await unlink(record).catch(() => undefined);
  // The lock beside the socket names the same process.
  await removeServerSockets(sockets);
}

/**
 * Ends the backends of a postmaster that was itself killed: one that computes does not notice for
 * as long as its query takes, and keeps a new postmaster out. The account looks, since in a
 * container root may not see where another user's process works. False when there was none.
 */
export async function stopOrphans(launch: Launch, cluster: string): Promise<boolean> {
  const script =
    'found=1; ' +
    'for process in /proc/[0-9]*; do read -r name < "$process/comm" || continue; ' +
    '[ "$name" = postgres ] && [ "$(readlink "$process/cwd")" = "$1" ] && ' +
    'kill -s QUIT "${process#/proc/}" && found=0; done; exit $found';
  const { code } = await runChild(launch, '/bin/sh', ['-c', script, 'sh', cluster]);
  return code === 0;
}

/** Waits for their end as well, but not for ever: a session may hang in the kernel. */
export async function endOrphans(launch: Launch, cluster: string): Promise<void> {
  await waitUntil(async () => !(await stopOrphans(launch, cluster)), ORPHAN_PATIENCE);
}

async function shutDown(pid: number, isOurs: () => Promise<boolean>): Promise<void> {
  for (const [signal, patience] of SHUTDOWN_STEPS) {
    try {
      // Asked again each time: the pid may have changed hands meanwhile.
      if (await isOurs()) process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw new EmbeddedPostgresFailedError(`Can't stop process ${pid}.`, '', error);
    }
    if (await waitUntil(async () => !isAlive(pid) || !(await isOurs()), patience)) return;
  }
  throw new EmbeddedPostgresFailedError(`Process ${pid} survived SIGKILL.`);
}

/** A server somebody started by hand on this cluster, for maintenance perhaps. */
async function isForeignPostmaster(pid: number, cluster: string): Promise<boolean> {
  const [program = '', ...args] = await commandLine(pid);
  return basename(program) === 'postgres' && args.some((argument) => argument.endsWith(cluster));
}

async function readPid(record: string): Promise<number | undefined> {
  const text = await readFile(record, 'utf8').catch(() => '');
  const pid = Math.abs(Number.parseInt(text, 10));
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Empty for a zombie or no process. */
async function commandLine(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  } catch {
    if (process.platform === 'linux') return [];
  }
  // `ps` joins the arguments by spaces; the mark ends the line, so a path with spaces is found.
  const { code, output } = await runChild({}, 'ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  if (code !== 0) return [];
  const line = output.trimEnd();
  const at = line.lastIndexOf(' stratum.cluster=');
  const words = (at < 0 ? line : line.slice(0, at)).split(' ');
  return at < 0 ? words : [...words, line.slice(at + 1)];
}
