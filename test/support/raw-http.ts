import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Api } from './api.js';

/** An HTTP answer read from a socket by hand. */
export interface RawAnswer {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: Buffer;
  /** Whether the body came to the end that its Content-Length announces. */
  complete: boolean;
}

/** A connection on which a test says exactly which bytes go out, and when it breaks. */
export interface RawConnection {
  socket: Socket;
  send(bytes: Uint8Array | string): Promise<void>;
  /** No more bytes from here, the other direction stays open. */
  end(): void;
  /** Breaks the connection as a crashed client does (RST). */
  reset(): void;
  /** The first answer; `null` when the connection ends without one. */
  answer(): Promise<RawAnswer | null>;
}

export async function rawConnection({ url }: Api): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A broken connection is what many tests are about; `answer` tells what came before it.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('end', resolve).once('close', () => resolve());
  });
  await once(socket, 'connect');
  return {
    socket,
    send: async (bytes) => {
      if (!socket.writable) return;
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    },
    end: () => socket.end(),
    reset: () => socket.resetAndDestroy(),
    answer: async () => {
      for (;;) {
        const answer = parseAnswer(Buffer.concat(chunks));
        if (answer?.complete) return answer;
        const more = await Promise.race([
          once(socket, 'data').then(
            () => true,
            () => false,
          ),
          closed.then(() => false),
        ]);
        if (!more) {
          socket.destroy();
          return parseAnswer(Buffer.concat(chunks));
        }
      }
    },
  };
}

/** Sends one whole request and reads its answer. */
export async function rawExchange(api: Api, bytes: Uint8Array | string): Promise<RawAnswer | null> {
  const connection = await rawConnection(api);
  await connection.send(bytes);
  const answer = await connection.answer();
  connection.socket.destroy();
  return answer;
}

/** Request line and headers, with the key and the host unless they are given. */
export function requestHead(
  api: Api,
  line: string,
  headers: Record<string, string | number> = {},
): string {
  const all = { Host: 'test', Authorization: `Bearer ${api.key}`, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function parseAnswer(bytes: Buffer): RawAnswer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const rest = bytes.subarray(end + 4);
  if (status === 100) return parseAnswer(rest);
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = Number(headers['content-length']);
  return { status, headers, body: rest.subarray(0, length), complete: rest.length >= length };
}
