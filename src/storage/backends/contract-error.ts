import { AppError, StorageFullError, StorageUnavailableError } from '../../core/errors/index.js';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a backend threw, as an error of the contract; its own error becomes the `cause`. */
export function contractError(operation: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return FULL.has(code ?? '')
    ? new StorageFullError(error)
    : new StorageUnavailableError(operation, error);
}

/** Runs one call of a backend and throws only errors of the contract. */
export async function guarded<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw contractError(operation, error);
  }
}
