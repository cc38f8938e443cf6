import type { IncomingMessage, Server, ServerResponse } from 'node:http';

const uninvited = new WeakSet<IncomingMessage>();

/**
 * Leaves `Expect: 100-continue` (RFC 9110 section 10.1.1) unanswered until somebody wants the body: a
 * client without a key is told so before it sends any. Other expectations are passed over.
 */
export function holdExpectations(server: Server): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    uninvited.add(request);
    server.emit('request', request, response);
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response);
  });
}

/** Tells a client that waits for it to send its body. */
export function inviteBody(request: IncomingMessage, response: ServerResponse): void {
  if (uninvited.delete(request)) response.writeContinue();
}
