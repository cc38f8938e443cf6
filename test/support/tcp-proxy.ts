import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A simple query of nothing but COMMIT, as the PostgreSQL protocol writes it. */
const COMMIT = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1');

/**
 * - `lose-answer`: COMMIT reaches the server, its answer does not reach the client;
 * - `lose-commit`: the connection breaks before COMMIT reaches the server;
 * - `lose-answer-and-server`: as the first, and nobody gets a connection until `restore`.
 */
export type CommitFault = 'lose-answer' | 'lose-commit' | 'lose-answer-and-server';

/** Stands between a service and PostgreSQL and cuts connections at COMMIT. */
export class PostgresProxy {
  /** For the service. */
  readonly url: string;
  cuts = 0;
  private fault: CommitFault | null = null;
  private touching = '';
  private isDown = false;
  private carriedOut: Promise<unknown> = Promise.resolve();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly folder: string,
    private readonly upstream: string,
    databaseUrl: URL,
  ) {
    databaseUrl.searchParams.set('host', folder);
    this.url = databaseUrl.href;
    server.on('connection', (client) => this.serve(client));
  }

  /** @param databaseUrl of a server on a unix socket */
  static async start(databaseUrl: string): Promise<PostgresProxy> {
    const url = new URL(databaseUrl);
    const name = `.s.PGSQL.${url.port || 5432}`;
    const folder = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
    const upstream = join(url.searchParams.get('host') ?? '', name);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
    return new PostgresProxy(server, folder, upstream, url);
  }

  /**
   * The next COMMIT meets this: of a transaction whose statements name `touching`, since services commit
   * on their own account too.
   */
  arm(fault: CommitFault, touching = ''): void {
    this.fault = fault;
    this.touching = touching;
  }

  /**
   * Until the server has carried the last lost COMMIT out. A client that asks nobody is told sooner that
   * its outcome is unknown.
   */
  async settled(): Promise<void> {
    await this.carriedOut;
  }

  restore(): void {
    this.isDown = false;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  private serve(client: Socket): void {
    if (this.isDown) {
      client.destroy();
      return;
    }
    const server = connect(this.upstream);
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
    }
    let isTouched = false;
    client.on('data', (chunk) => {
      isTouched ||= chunk.includes(this.touching);
      const isCommit = chunk.includes(COMMIT);
      if (this.fault && isCommit && isTouched) this.cut(client, server, chunk);
      else server.write(chunk);
      if (isCommit) isTouched = false;
    });
    server.on('data', (chunk) => client.write(chunk));
    client.on('close', () => server.end());
    server.on('close', () => client.destroy());
  }

  private cut(client: Socket, server: Socket, chunk: Buffer): void {
    const fault = this.fault as CommitFault;
    this.fault = null;
    this.cuts += 1;
    client.removeAllListeners('close');
    if (fault === 'lose-commit') {
      server.destroy();
      client.destroy();
      return;
    }
    if (fault === 'lose-answer-and-server') {
      this.isDown = true;
      for (const socket of this.sockets) if (socket !== server) socket.destroy();
    }
    client.destroy();
    server.removeAllListeners('data');
    this.carriedOut = once(server, 'close');
    // The server's answer shows that it has committed; it is the last thing this connection does.
    server.once('data', () => server.destroy());
    server.write(chunk);
  }
}
