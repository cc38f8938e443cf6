import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseAccount } from './account.js';
import { prepareBinaries } from './binaries.js';
import { findSetpriv, type Launch } from './child-process.js';
import { ensureCluster } from './cluster.js';
import { askOwner, ControlSocket } from './control-socket.js';
import { DataFolderLock } from './data-folder-lock.js';
import { makeDataFolder } from './data-folder.js';
import { DataFolderInUseError } from './embedded-postgres.errors.js';
import type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
  OwnerAnswer,
  OwnerState,
  PostgresConnection,
} from './embedded-postgres.types.js';
import { PostgresLog } from './postgres-log.js';
import { placeSockets, removeSockets } from './sockets.js';
import { Supervisor } from './supervisor.js';

// An owner has the lock some milliseconds before it answers.
const SILENCE = 3_000;
const POLL_INTERVAL = 50;

/**
 * Becomes the owner of the data folder and starts its PostgreSQL. A command that owns it is asked to
 * give it up, and waited for.
 *
 *     <data>/postgres/       the cluster
 *     <data>/postgres.log
 *     <data>/control.sock    says who owns the folder
 *     <data>/owner.lock      decides who does
 *
 * @throws DataFolderInUseError if another process owns it.
 * @throws EmbeddedPostgresUnavailableError if it can't run on this system.
 * @throws EmbeddedPostgresFailedError if initdb or the server failed.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const dataDir = await makeDataFolder(options.dataDir);
  let asked: number | undefined;
  const meet = (owner: OwnerAnswer): undefined => {
    if (!owner.yields) throw new DataFolderInUseError(dataDir, owner);
    if (asked !== owner.pid)
      options.log(`Process ${owner.pid}, a command, hands the database over.`);
    asked = owner.pid;
  };
  const lock = await acquire(dataDir, { wantsFolder: true, meet });
  return 'connection' in lock ? lock : await own(dataDir, lock, options);
}

/**
 * Uses the PostgreSQL of the process that owns the data folder, waiting until it is ready, or
 * becomes the owner if there is none. Throws what {@link startEmbeddedPostgres} throws;
 * DataFolderInUseError only if the owner does not answer.
 */
export async function shareEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const dataDir = await makeDataFolder(options.dataDir);
  const meet = ({ connection }: OwnerAnswer): EmbeddedPostgres | undefined =>
    connection && { connection, owned: false, stop: async () => undefined };
  const lock = await acquire(dataDir, { wantsFolder: false, meet });
  return 'connection' in lock ? lock : await own(dataDir, lock, options);
}

/**
 * The lock of the data folder, or what `meet` makes of the owner's answer; on undefined it goes on
 * waiting. An owner that dies meanwhile leaves the lock to us.
 */
async function acquire(
  dataDir: string,
  {
    wantsFolder,
    meet,
  }: { wantsFolder: boolean; meet: (owner: OwnerAnswer) => EmbeddedPostgres | undefined },
): Promise<DataFolderLock | EmbeddedPostgres> {
  let lastHeard = performance.now();
  for (;;) {
    const lock = DataFolderLock.tryAcquire(dataDir);
    if (lock) return lock;
    const owner = await askOwner(dataDir, { wantsFolder });
    const met = owner && meet(owner);
    if (met) return met;
    if (owner) lastHeard = performance.now();
    if (performance.now() - lastHeard > SILENCE) throw new DataFolderInUseError(dataDir);
    await sleep(POLL_INTERVAL);
  }
}

async function own(
  dataDir: string,
  lock: DataFolderLock,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const owner = new Owner(dataDir, lock, options);
  try {
    await owner.start();
    return owner;
  } catch (error) {
    await owner.stop();
    throw error;
  }
}

/** Holds the lock, the control socket and the server, and lets go of them in reverse order. */
class Owner implements EmbeddedPostgres {
  readonly owned = true;
  private readonly startedAt = new Date().toISOString();
  private control?: ControlSocket;
  private serverLog?: PostgresLog;
  private supervisor?: Supervisor;
  private stopped?: Promise<void>;
  private readonly dataDir: string;
  private readonly lock: DataFolderLock;
  private readonly options: EmbeddedPostgresOptions;

  constructor(dataDir: string, lock: DataFolderLock, options: EmbeddedPostgresOptions) {
    this.dataDir = dataDir;
    this.lock = lock;
    this.options = options;
  }

  get connection(): PostgresConnection {
    if (!this.supervisor) throw new Error('PostgreSQL has not been started.');
    return this.supervisor.connection;
  }

  async start(): Promise<void> {
    const { dataDir } = this;
    const { log } = this.options;
    const cluster = join(dataDir, 'postgres');
    const account = await chooseAccount(cluster);
    const launch: Launch = { account, setpriv: await findSetpriv(account) };

    await removeSockets(dataDir);
    const sockets = await placeSockets(launch, dataDir, cluster);
    const { onYield } = this.options;
    this.control = await ControlSocket.listen(sockets.control, () => this.answer(), onYield);

    const binaries = await prepareBinaries(launch, log);
    await ensureCluster(launch, binaries, dataDir, cluster);
    const serverLog = await PostgresLog.open(join(dataDir, 'postgres.log'));
    this.serverLog = serverLog;
    const parts = { launch, binaries, cluster, sockets, log, serverLog };
    this.supervisor = await Supervisor.start(parts);
  }

  stop(): Promise<void> {
    this.stopped ??= this.release();
    return this.stopped;
  }

  private async release(): Promise<void> {
    await this.supervisor?.stop();
    await this.control?.close();
    await removeSockets(this.dataDir);
    await this.serverLog?.close();
    // Last: from here on another process may do all of the above.
    this.lock.release();
  }

  private get state(): OwnerState {
    if (this.stopped) return 'stopping';
    return this.supervisor?.isReady ? 'ready' : 'starting';
  }

  private answer(): OwnerAnswer {
    const { state } = this;
    return {
      pid: process.pid,
      startedAt: this.startedAt,
      state,
      ...(state === 'ready' ? { connection: this.connection } : {}),
      ...(this.options.onYield ? { yields: true } : {}),
      self: this.options.describe?.() ?? {},
    };
  }
}
