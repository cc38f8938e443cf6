import { ValidationFailedError } from '../../core/errors/index.js';
import { EXPORT_FORMATS, type Workbench } from '../../tabular/index.js';
import type { StagedOutputs } from '../kinds/staged-outputs.js';
import type { WrittenParametersDto } from './dto/written-parameters.dto.js';

type Written = Pick<WrittenParametersDto, 'format' | 'compression' | 'guardFormulas'>;

/** What belongs to one format alone is refused with the others: it would have no effect. @throws ValidationFailedError */
export function refuseIdle({ format, compression, guardFormulas }: Written): void {
  if (compression !== undefined && format !== 'parquet') {
    throw ValidationFailedError.of('/parameters/compression', 'is of Parquet alone');
  }
  if (guardFormulas && format !== 'csv') {
    throw ValidationFailedError.of('/parameters/guardFormulas', 'is of CSV alone');
  }
}

export interface Output {
  name: string;
  /** A SELECT. */
  sql: string;
  parameters?: readonly unknown[];
  /** It has a statement of a user's in it. */
  isUsers?: boolean;
  metadata: Record<string, unknown>;
}

/**
 * Formats whose bytes tell in which portions the engine had the rows: those differ with the number of
 * threads, and between a file and the same rows kept as Parquet (DuckDB 1.5.6). Their rows are copied into a table
 * first, by one thread, which makes the portions the same.
 */
const PORTIONED: ReadonlySet<string> = new Set(['parquet', 'arrow']);
const COPY = 'written_copy';

/** Of a session whose outputs are of this format; `undefined`: as the settings say. */
export const threadsFor = (format: string): number | undefined =>
  PORTIONED.has(format) ? 1 : undefined;

/** Writes the rows of a SELECT as an output of the job, whose metadata tell how many they are. @returns rows */
export async function writeOutput(
  bench: Workbench,
  held: StagedOutputs,
  { format, compression = 'snappy', guardFormulas }: Written,
  { name, metadata, ...rows }: Output,
): Promise<number> {
  const { extension, fileType, mimeType } = EXPORT_FORMATS[format];
  const { sql, ...source } = PORTIONED.has(format) ? await copied(bench, rows) : rows;
  const how = { format, options: { compression, guardFormulas }, ...source };
  const use = { fileType, mimeType, fileName: `${name}.${extension}`, metadata };
  const written = await bench.write(sql, how, (content) => held.stage(name, content, use));
  const told = { rows: written.rows, format, ...(format === 'parquet' && { compression }) };
  held.describe(name, told);
  return written.rows;
}

async function copied(
  bench: Workbench,
  { sql, parameters, isUsers }: Pick<Output, 'sql' | 'parameters' | 'isUsers'>,
): Promise<{ sql: string }> {
  const statement = `CREATE OR REPLACE TEMP TABLE ${COPY} AS ${sql}`;
  await bench.run(statement, parameters, isUsers);
  return { sql: `SELECT * FROM ${COPY}` };
}
