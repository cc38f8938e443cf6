import type {
  RejectedRows,
  TableDescription,
} from '../../core/contracts/dataset-reader.contract.js';
import type { Described } from '../engine/child/tasks/describe.task.js';
import { reviveFailure } from '../engine/failures.js';
import type { SourceFile, TableSource } from '../sources/table-sources.service.js';
import type { Drift } from '../tables/drift.js';
import type { FolderFileDto, RejectedRowsDto, SchemaDto } from './dto/schema.dto.js';

const MAX_LISTED = 1000;

export interface SchemaFacts {
  /** JSON of `Described`, of each file of the source. */
  output: string;
  /** Those that are the table. */
  files: readonly SourceFile[];
  drift: Drift | null;
  facts: { rowCount: number | null; rejectedRows: number | null };
}

/** @throws what is wrong with the file, when it is a single one */
export function toSchemaDto(
  path: string,
  source: TableSource,
  { output, files, drift, facts }: SchemaFacts,
): SchemaDto {
  const described = JSON.parse(output) as Described[];
  const first = source.files.findIndex((file) => file.path === files[0]?.path);
  const one = described[first];
  if (!one) throw new Error('No file is the table.');
  if ('failure' in one) throw reviveFailure(one.failure);
  const { format, columns, options, warnings }: TableDescription = one.description;
  return {
    path,
    format,
    columns,
    rowCount: facts.rowCount === null ? null : { value: facts.rowCount, kind: 'exact' },
    options,
    warnings,
    rejectedRows: facts.rejectedRows,
    ...(drift && { files: source.files.map((file, place) => toFile(file, described[place], drift)) }),
  };
}

function toFile({ path }: SourceFile, described: Described | undefined, drift: Drift): FolderFileDto {
  if (described && 'failure' in described) {
    return { path, isTogether: false, differences: [described.failure.message] };
  }
  const differs = drift.differences.find((one) => one.path === path);
  return { path, isTogether: drift.together.includes(path), differences: differs?.details ?? [] };
}

export function toRejectedRowsDto(rejected: readonly RejectedRows[]): RejectedRowsDto {
  return {
    count: rejected.reduce((sum, { count }) => sum + count, 0),
    items: rejected.flatMap(({ rows }) => rows).slice(0, MAX_LISTED),
  };
}
