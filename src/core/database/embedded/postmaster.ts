import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startChild, waitUntil, type Launch } from './child-process.js';
import { POSTGRES_USER } from './cluster.js';
import { reachFolder } from './data-folder.js';
import { EmbeddedPostgresFailedError } from './embedded-postgres.errors.js';
import type { PostgresConnection } from './embedded-postgres.types.js';
import { clusterMark, endOrphans, SHUTDOWN_STEPS, stopOrphans } from './leftover.js';
import type { PostgresLog } from './postgres-log.js';
import { POSTGRES_PORT, removeServerSockets, type Sockets } from './sockets.js';

const POLL_INTERVAL = 25;
const REPORT_INTERVAL = 10_000;
const ORPHAN_PATIENCE = 10_000;

const UNDEFINED_DATABASE = '3D000';
const DUPLICATE_DATABASE = '42P04';
const CANNOT_CONNECT_NOW = '57P03';
const NOT_YET = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', CANNOT_CONNECT_NOW];

export interface PostmasterOptions {
  launch: Launch;
  binaries: string;
  cluster: string;
  sockets: Sockets;
  log: (message: string) => void;
  serverLog: PostgresLog;
  /** Gives up a start that waits. */
  signal?: AbortSignal;
}

/** The running server. */
export class Postmaster {
  /** Resolves when the server has ended, however it did, and left no session and no socket. */
  readonly ended: Promise<void>;
  private readonly connection: PostgresConnection;
  private readonly onExit = () => this.child.kill('SIGINT');

  private constructor(
    private readonly options: PostmasterOptions,
    private readonly child: ChildProcess,
  ) {
    this.connection = Postmaster.connectionAt(options.sockets);
    // `startChild` reports a failure to spawn by this event and leaves `pid` undefined.
    child.on('error', (error) => options.log(`PostgreSQL: ${error.message}`));
    // An application that forgets `stop` may still end; where there is no setpriv, by its last act.
    child.unref();
    process.on('exit', this.onExit);
    this.ended = this.cleanUp();
  }

  get hasEnded(): boolean {
    const { pid, exitCode, signalCode } = this.child;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }

  static connectionAt(sockets: Sockets): PostgresConnection {
    return {
      host: sockets.postgresFolder,
      port: POSTGRES_PORT,
      user: POSTGRES_USER,
      database: 'stratum',
    };
  }

  /**
   * Starts the server and waits until it accepts connections, however long its crash recovery
   * takes. Sessions that outlived a killed postmaster are ended first.
   */
  static async start(options: PostmasterOptions): Promise<Postmaster> {
    const deadline = performance.now() + ORPHAN_PATIENCE;
    for (;;) {
      options.signal?.throwIfAborted();
      const postmaster = await Postmaster.spawn(options);
      try {
        await postmaster.becomeReady();
        return postmaster;
      } catch (error) {
        await postmaster.stop();
        const orphans = /pre-existing shared memory block/.test(String(error));
        if (!orphans || performance.now() > deadline) throw error;
        options.log('Stopping sessions of PostgreSQL, left over from a killed server.');
        await stopOrphans(options.launch, options.cluster);
        await sleep(250);
      }
    }
  }

  /** Fast shutdown (open transactions are rolled back), immediate at the deadline. Idempotent. */
  async stop(): Promise<void> {
    process.off('exit', this.onExit);
    for (const [signal, patience] of SHUTDOWN_STEPS) {
      if (this.hasEnded) return await this.ended;
      this.child.kill(signal);
      await waitUntil(() => this.hasEnded, patience);
    }
    if (this.hasEnded) await this.ended;
  }

  /** Tells the log of an end that nobody asked for. */
  async reportEnd(): Promise<void> {
    const tail = await this.options.serverLog.tail().catch(() => '');
    this.options.log(
      `PostgreSQL ended unexpectedly (${this.ending()}). From ${this.options.serverLog.path}:\n${tail}`,
    );
  }

  private static async spawn(options: PostmasterOptions): Promise<Postmaster> {
    const { launch, binaries, cluster, serverLog } = options;
    const { path, handle } = await reachFolder(launch, cluster);
    try {
      const output = serverLog.descriptor;
      const child = startChild(join(binaries, 'bin', 'postgres'), serverArguments(path, options), {
        launch,
        stdio: ['ignore', output, output, ...(handle ? [handle.fd] : [])],
      });
      return new Postmaster(options, child);
    } finally {
      await handle?.close();
    }
  }

  private async becomeReady(): Promise<void> {
    let reportAt = performance.now() + REPORT_INTERVAL;
    while (!(await this.accepts())) {
      if (this.hasEnded) {
        throw new EmbeddedPostgresFailedError(
          `PostgreSQL did not start (${this.ending()}). From ${this.options.serverLog.path}:`,
          await this.options.serverLog.tail(),
        );
      }
      if (performance.now() > reportAt) {
        this.options.log('PostgreSQL is still starting, probably recovering from a crash.');
        reportAt += REPORT_INTERVAL;
      }
      await sleep(POLL_INTERVAL);
      this.options.signal?.throwIfAborted();
    }
  }

  /** Whether our database takes connections; it is made at the first start. */
  private async accepts(): Promise<boolean> {
    try {
      await query(this.connection, 'SELECT 1');
      return true;
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      if (code === UNDEFINED_DATABASE) await this.createDatabase();
      // Without a code the connection broke off in the middle, or nobody answered.
      else if (code !== '' && !NOT_YET.includes(code)) {
        const { serverLog } = this.options;
        const reason = `PostgreSQL refused a connection (${code}). From ${serverLog.path}:`;
        throw new EmbeddedPostgresFailedError(reason, await serverLog.tail(), error);
      }
      return false;
    }
  }

  private async createDatabase(): Promise<void> {
    try {
      const server = { ...this.connection, database: 'postgres' };
      await query(server, `CREATE DATABASE ${pg.escapeIdentifier(this.connection.database)}`);
    } catch (error) {
      if ((error as { code?: string }).code !== DUPLICATE_DATABASE) throw error;
    }
  }

  private async cleanUp(): Promise<void> {
    if (!this.hasEnded) await new Promise((resolve) => this.child.once('exit', resolve));
    process.off('exit', this.onExit);
    // One that could still call `exit` did it itself.
    if (this.child.signalCode === null) return;
    await endOrphans(this.options.launch, this.options.cluster);
    await removeServerSockets(this.options.sockets);
  }

  private ending(): string {
    const { exitCode, signalCode } = this.child;
    return signalCode ?? (exitCode === null ? 'not executable' : `exit code ${exitCode}`);
  }
}

// Given on the command line, so that postgresql.conf can't open what must stay closed.
function serverArguments(path: string, { sockets, cluster }: PostmasterOptions): string[] {
  const folder = `"${sockets.serverFolder.replaceAll('"', '""')}"`;
  const settings = [
    'listen_addresses=',
    `port=${POSTGRES_PORT}`,
    `unix_socket_directories=${folder}`,
    'unix_socket_permissions=0700',
    'logging_collector=off',
    // Last: see `commandLine`.
    clusterMark(cluster),
  ];
  return ['-D', path, ...settings.flatMap((setting) => ['-c', setting])];
}

async function query(connection: PostgresConnection, sql: string): Promise<void> {
  const client = new pg.Client({ ...connection, ssl: false, connectionTimeoutMillis: 5000 });
  // Errors after the connection is made come as events too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}
