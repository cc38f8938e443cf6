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

/** Writes the rows of a SELECT as an output of the job, whose metadata tell how many they are. @returns rows */
export async function writeOutput(
  bench: Workbench,
  held: StagedOutputs,
  { format, compression = 'snappy', guardFormulas }: Written,
  { name, sql, parameters, isUsers, metadata }: Output,
): Promise<number> {
  const { extension, fileType, mimeType } = EXPORT_FORMATS[format];
  const how = { format, options: { compression, guardFormulas }, parameters, isUsers };
  const use = { fileType, mimeType, fileName: `${name}.${extension}`, metadata };
  const { rows } = await bench.write(sql, how, (content) => held.stage(name, content, use));
  held.describe(name, { rows, format, ...(format === 'parquet' && { compression }) });
  return rows;
}
