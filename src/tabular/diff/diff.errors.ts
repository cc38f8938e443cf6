import { AppError } from '../../core/errors/index.js';
import type { Json } from '../values/json-text.js';

/** What keeps columns of one table from being its key. */
export interface KeyFaults {
  /** Rows that have no value in a column of the key. */
  nullRows: number;
  /** Values of the key that more than one row has. */
  duplicates: number;
  /** Rows that have such a value. */
  duplicateRows: number;
  /** Some of these values, the most frequent first. */
  examples: { key: Record<string, Json>; rows: number }[];
}

export class KeyNotUniqueError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'key-not-unique';
  readonly title = 'The key does not tell rows apart';

  /** @param faults of each side that has any */
  constructor(key: readonly string[], faults: { base?: KeyFaults; head?: KeyFaults }) {
    const sentences = Object.entries(faults).map(
      ([side, { nullRows, duplicates, duplicateRows }]) =>
        `In the ${side}, ${nullRows} rows have nulls in it, and ${duplicateRows} rows share ${duplicates} of its values.`,
    );
    super(`${key.join(', ')} can not be the key. ${sentences.join(' ')}`, {
      extensions: { key, ...faults },
    });
  }
}

export class InvalidDiffError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'diff-invalid';
  readonly title = 'The tables can not be compared in this way';
}
