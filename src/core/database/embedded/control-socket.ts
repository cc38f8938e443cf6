import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import type { OwnerAnswer } from './embedded-postgres.types.js';
import { findControlSocket } from './sockets.js';

const ANSWER_TIMEOUT = 2000;
const LONGEST_ANSWER = 1024 * 1024;

/** Answers one JSON line to everyone who connects. The data folder's lock says who may listen. */
export class ControlSocket {
  private constructor(private readonly server: Server) {}

  static async listen(path: string, answer: () => OwnerAnswer): Promise<ControlSocket> {
    const server = createServer((socket) => {
      // A client that leaves early is none of our business.
      socket.on('error', () => socket.destroy());
      // Destroyed once written: `close` must not wait for a client that keeps its side open.
      socket.end(`${JSON.stringify(answer())}\n`, () => socket.destroy());
    });
    server.listen(path);
    await once(server, 'listening');
    server.on('error', () => undefined);
    // The socket alone must not keep a process alive that has nothing else to do.
    server.unref();
    await chmod(path, 0o600);
    return new ControlSocket(server);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** What the owner of a data folder says of itself; undefined when nobody answers. */
export async function askOwner(dataDir: string): Promise<OwnerAnswer | undefined> {
  const path = await findControlSocket(dataDir);
  if (path === undefined) return undefined;
  const socket = connect(path).setEncoding('utf8');
  const timer = setTimeout(() => socket.destroy(), ANSWER_TIMEOUT);
  try {
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
