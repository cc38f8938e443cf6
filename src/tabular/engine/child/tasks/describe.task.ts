import type { TableDescription } from '../../../../core/contracts/dataset-reader.contract.js';
import { AppError } from '../../../../core/errors/index.js';
import type { Failure } from '../../engine.types.js';
import { toFailure } from '../../failures.js';
import { toTableError } from '../duckdb-errors.js';
import type { Session } from '../session.js';
import { describePart, type TablePart } from '../tables.js';

/** Of each part, how it is read, or why it can't be. One that can't be keeps no other from being told. */
export type Described = { description: TableDescription } | { failure: Failure };

export async function describe(
  session: Session,
  { parts }: { parts: TablePart[] },
): Promise<Described[]> {
  const described: Described[] = [];
  for (const part of parts) {
    try {
      described.push({ description: await describePart(session, part) });
    } catch (error) {
      const failure = error instanceof AppError ? error : toTableError(error, parts);
      described.push({ failure: toFailure(failure) });
    }
  }
  return described;
}
