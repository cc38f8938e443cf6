import type {
  RejectedRows,
  TableDescription,
} from '../../core/contracts/dataset-reader.contract.js';
import type { DriftDto } from '../compare/dto/drift.dto.js';
import type { Described } from '../engine/child/tasks/describe.task.js';
import { reviveFailure } from '../engine/failures.js';
import type { SourceFile, TableSource } from '../sources/table-sources.service.js';
import type { RejectedRowsDto, SchemaDto, UnreadableFileDto } from './dto/schema.dto.js';

const MAX_LISTED = 1000;

export interface SchemaFacts {
  /** JSON of `Described`, of each file of the source. */
  output: string;
  /** Those that are the table. */
  files: readonly SourceFile[];
  drift: DriftDto | null;
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
    ...(drift && {
      columns: drift.union.columns,
      drift,
      unreadable: toUnreadable(source.files, described),
    }),
  };
}

/** Files of the folder that are no tables at all. */
function toUnreadable(
  files: readonly SourceFile[],
  described: readonly Described[],
): UnreadableFileDto[] {
  return files.flatMap(({ path }, place) => {
    const one = described[place];
    return one && 'failure' in one
      ? [{ path, code: one.failure.code, detail: one.failure.message }]
      : [];
  });
}

export function toRejectedRowsDto(rejected: readonly RejectedRows[]): RejectedRowsDto {
  return {
    count: rejected.reduce((sum, { count }) => sum + count, 0),
    items: rejected.flatMap(({ rows }) => rows).slice(0, MAX_LISTED),
  };
}
