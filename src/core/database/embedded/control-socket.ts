import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { OwnerAnswer } from './embedded-postgres.types.js';
import { findControlSocket } from './sockets.js';

const ANSWER_TIMEOUT = 2000;
const LONGEST_ANSWER = 1024 * 1024;
const YIELD = 'yield\n';

/**
 * Answers one JSON line to everyone who connects, and hears who asks the owner to give the data folder up.
 * The data folder's lock says who may listen.
 */
export class ControlSocket {
  private constructor(
    private readonly server: Server,
    private readonly clients: ReadonlySet<Socket>,
  ) {}

  static async listen(
    path: string,
    answer: () => OwnerAnswer,
    onYield?: () => void,
  ): Promise<ControlSocket> {
    const clients = new Set<Socket>();
    const server = createServer((socket) => {
      clients.add(socket.unref());
      socket.on('close', () => clients.delete(socket));
      // A client that leaves early, or stays, is none of our business.
      socket.on('error', () => socket.destroy());
      socket.setTimeout(ANSWER_TIMEOUT, () => socket.destroy());
      socket.on('data', (data) => {
        if (data.toString() === YIELD) onYield?.();
      });
      socket.end(`${JSON.stringify(answer())}\n`);
    });
    server.listen(path);
    await once(server, 'listening');
    server.on('error', () => undefined);
    // The socket alone must not keep a process alive that has nothing else to do.
    server.unref();
    await chmod(path, 0o600);
    return new ControlSocket(server, clients);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // It must not wait for a client that keeps its side open.
    for (const client of this.clients) client.destroy();
    await closed;
  }
}

/**
 * What the owner of a data folder says of itself; undefined when nobody answers.
 * @param wantsFolder asks it to give the folder up, which it does when its answer says that it `yields`
 */
export async function askOwner(
  dataDir: string,
  { wantsFolder = false } = {},
): Promise<OwnerAnswer | undefined> {
  const path = await findControlSocket(dataDir);
  if (path === undefined) return undefined;
  const socket = connect(path).setEncoding('utf8');
  const timer = setTimeout(() => socket.destroy(), ANSWER_TIMEOUT);
  try {
    if (wantsFolder) socket.write(YIELD);
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes('\n') || text.length > LONGEST_ANSWER) break;
    }
    return JSON.parse(text) as OwnerAnswer;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
