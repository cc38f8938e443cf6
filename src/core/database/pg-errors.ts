/** SQLSTATEs that tell of a transaction that was rolled back and may be run again. */
const RETRYABLE = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available (lock_timeout)
]);

/** SQLSTATEs and system codes that mean: the connection is gone, or could not be made. */
const CONNECTION_LOST =
  /^(08\w{3}|57P0[1-5]|53300|25P03|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
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

export const isRetryable = (error: unknown): boolean =>
  RETRYABLE.has(String(driverError(error).code));

/** `ENOENT` alone is also what a file system says, so a system code counts only with a database's sign. */
export function isConnectionLost(error: unknown): boolean {
  const { code, message } = driverError(error);
  if (CONNECTION_LOST_MESSAGE.test(String(message))) return true;
  return typeof code === 'string' && CONNECTION_LOST.test(code) && isFromDatabase(error);
}

function isFromDatabase(error: unknown): boolean {
  const outer = (error ?? {}) as WithCode & { query?: unknown; syscall?: unknown };
  return (
    outer.driverError !== undefined || outer.syscall === 'connect' || outer.syscall === undefined
  );
}

/** The name of the unique constraint that was broken, or `null` when it was another failure. */
export function brokenUniqueConstraint(error: unknown): string | null {
  const { code, constraint } = driverError(error);
  return code === '23505' && typeof constraint === 'string' ? constraint : null;
}
