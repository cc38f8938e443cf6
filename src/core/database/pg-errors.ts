/** SQLSTATEs that tell of a transaction that was rolled back and may be run again. */
const RETRYABLE = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available (lock_timeout)
]);

/**
 * SQLSTATEs that mean: the connection is gone, or the server takes none. Not a violation of the protocol, which
 * is a mistake of ours on a connection that lives.
 */
const SERVER_GONE = /^(08(?!P01)\w{3}|57P0[1-5]|53300|25P03|55000)$/;
/** The same, as the system says it. */
const SOCKET_GONE =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const CONNECTION_LOST_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|Connection ended/i;

interface WithCode {
  code?: unknown;
  constraint?: unknown;
  message?: unknown;
  driverError?: unknown;
}

/** The driver's own error under whatever TypeORM wrapped around it. */
function driverError(error: unknown): WithCode {
  const outer = (error ?? {}) as WithCode;
  return (outer.driverError ?? outer) as WithCode;
}

/** What clients failed with while they connected: `EPIPE` of a socket says nothing of whose it was. */
const failedConnections = new WeakSet<Error>();

/** Notes that a client of the database has failed so before it was connected. */
export function unconnected(error: Error): Error {
  failedConnections.add(error);
  return error;
}

export const isRetryable = (error: unknown): boolean =>
  RETRYABLE.has(String(driverError(error).code));

/** Files and clients of ours fail with the same system codes: those count only of the database. */
export function isConnectionLost(error: unknown): boolean {
  const { code, message } = driverError(error);
  if (error instanceof Error && failedConnections.has(error)) return true;
  if (CONNECTION_LOST_MESSAGE.test(String(message))) return true;
  if (typeof code !== 'string') return false;
  return SERVER_GONE.test(code) || (SOCKET_GONE.test(code) && isFromDatabase(error));
}

function isFromDatabase(error: unknown): boolean {
  // Of all that we do, only the driver connects to somebody, and looks its address up before.
  const { driverError: wrapped, syscall } = (error ?? {}) as WithCode & { syscall?: unknown };
  return wrapped !== undefined || syscall === 'connect' || syscall === 'getaddrinfo';
}

/** Does what breaks this unique constraint when something is taken, and throws what says so then. */
export async function orTaken<T>(
  constraint: string,
  taken: () => Error,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw brokenUniqueConstraint(error) === constraint ? taken() : error;
  }
}

/** The name of the unique constraint that was broken, or `null` when it was another failure. */
export function brokenUniqueConstraint(error: unknown): string | null {
  const { code, constraint } = driverError(error);
  return code === '23505' && typeof constraint === 'string' ? constraint : null;
}
