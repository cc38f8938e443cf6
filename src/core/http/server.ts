import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import type { AppError } from '../errors/app.error.js';
import {
  BadRequestError,
  HeadersTooLargeError,
  RequestTimeoutError,
} from '../errors/http.errors.js';
import { problemOf } from './problems/problem.js';
import { holdExpectations } from './expect-continue.js';

/** Time for the request headers alone. Bodies have a watch of their own, by progress: `watchProgress`. */
const HEADERS_TIMEOUT_MS = 15_000;

/** How long a client may still send the rest of a request that has its answer. */
const REST_MS = 5_000;

export function tuneServer(
  server: Server,
  limits: { maxConnections: number; stallSeconds: number },
): void {
  server.maxConnections = limits.maxConnections;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  // Node's default of 300 s cuts honest large uploads.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 65_000;
  // Nothing in either direction for so long: `endStalled` decides who is at fault.
  server.timeout = limits.stallSeconds * 1000;
  // `requireHost` does, with a problem.
  (server as Server & { requireHostHeader: boolean }).requireHostHeader = false;
  holdExpectations(server);
  server.on('clientError', answerClientError);
  server.on('connect', (_request, socket) => answerRaw(socket, new BadRequestError(NO_TUNNEL)));
  server.on('request', (request, response) => {
    response.once('finish', () => endRest(request));
    response.on('timeout', endStalled);
  });
}

const NO_TUNNEL = 'This is no proxy: CONNECT is not answered.';

/** RFC 9112 section 3.2. */
export const requireHost: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersion === '1.1') {
    next(new BadRequestError('A request of HTTP/1.1 has a Host header.'));
  } else {
    next();
  }
};

/**
 * Cuts a client off that takes none of the bytes which wait for it: it would keep a connection, a file
 * and the chunks read ahead for as long as it likes. While nothing waits, it is the client that waits
 * for us. Node has seen to it that not a byte got out: a slow reader is none that has stopped.
 */
function endStalled(socket: Socket): void {
  if (socket.writableLength > 0) socket.destroy();
}
const EMPTY_CODING = /(?:^|,)\s*(?:,|$)/;
const spoiled = new WeakSet<Socket>();

/**
 * Refuses `Transfer-Encoding: , chunked`, which RFC 9110 lets us take for `chunked` and a proxy before
 * us may take for something else: then it would see the end of the request elsewhere than we do. What
 * follows on the connection may be the rest of that body, and is not looked at.
 */
export const refuseOddFraming: RequestHandler = (request, response, next) => {
  if (spoiled.has(request.socket)) return;
  const coding = request.headers['transfer-encoding'];
  if (coding === undefined || !EMPTY_CODING.test(coding)) {
    next();
    return;
  }
  spoiled.add(request.socket);
  response.setHeader('Connection', 'close');
  next(new BadRequestError('Transfer-Encoding has an empty coding.'));
};

/** A body that never ends would keep its connection, and so the end of the process. */
function endRest(request: IncomingMessage): void {
  if (request.complete) return;
  setTimeout(() => {
    if (!request.complete) request.destroy();
  }, REST_MS).unref();
}

/** Requests that Node's parser refuses never reach the application; they get a problem all the same. */
function answerClientError(error: NodeJS.ErrnoException, duplex: Duplex): void {
  // Nothing but plain TCP is listened to.
  const socket = duplex as Socket & { _httpMessage?: ServerResponse<IncomingMessage> };
  const response = socket._httpMessage;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  // What follows a whole request is none of its: that one is carried out and gets its own answer.
  if (response?.req.complete) {
    if (!response.headersSent) response.setHeader('Connection', 'close');
    response.once('finish', () => socket.destroySoon());
    return;
  }
  // In the middle of an answer a second one would be taken for its body; what is written gets out.
  if (response?.headersSent) {
    socket.destroySoon();
    return;
  }
  answerRaw(socket, clientErrorOf(error));
}

function answerRaw(socket: Duplex, error: AppError): void {
  const problem = problemOf(error, 'unparsed');
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nConnection: close\r\n` +
      'Content-Type: application/problem+json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // One that goes on sending, byte by byte, would keep its connection for as long as it likes.
  setTimeout(() => socket.destroy(), REST_MS).unref();
}

function clientErrorOf({ code }: NodeJS.ErrnoException): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HeadersTooLargeError('All headers together may have at most 16 KiB.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestTimeoutError('The headers did not arrive in time.');
    default:
      return new BadRequestError('This is not an HTTP/1.1 request that can be understood.');
  }
}

/**
 * Takes no new connections and waits for the running requests; those that outlast the grace are
 * cut, and roll back as any aborted request does.
 */
export async function drainServer(server: Server, graceSeconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const deadline = Date.now() + graceSeconds * 1000;
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  while (!isClosed && Date.now() < deadline) {
    // A connection that was busy a moment ago may be idle now; nothing else closes it.
    server.closeIdleConnections();
    await Promise.race([closed, delay(100)]);
  }
  server.closeAllConnections();
  await closed;
}
