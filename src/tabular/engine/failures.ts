import {
  AppError,
  InternalError,
  PatchTooLargeError,
  ValidationFailedError,
} from '../../core/errors/index.js';
import * as ownFailures from '../tabular.errors.js';
import type { Failure } from './engine.types.js';

const failures = { ...ownFailures, PatchTooLargeError, ValidationFailedError };

/** What a child throws, for its parent. What is no failure of ours is told by its message alone. */
export function toFailure(error: unknown): Failure {
  const { name, message, kind, code, title, extensions, errors } =
    error instanceof AppError ? error : new InternalError({ cause: error });
  const cause = error instanceof AppError ? message : String(error);
  return { name, message: cause, kind, code, title, extensions, errors };
}

/** The failure as it was in the child: of the class that it had there, where that is one that children throw. */
export function reviveFailure(failure: Failure): Error {
  const known = Object.entries(failures).find(([name]) => name === failure.name)?.[1];
  if (!known) return new Error(`An engine process failed: ${failure.message}`);
  return Object.assign(Object.create(known.prototype as object) as AppError, failure);
}
