import { SchemaDiffDto } from './schema-diff.dto.js';

class DriftColumnDto {
  name: string;
  type: string;
}

export class DriftingFileDto {
  path: string;

  /** From the schema of most files to its own. */
  diff: SchemaDiffDto;

  /** True when it is one of those that can be read as one table. */
  unites: boolean;
}

export class UnionDto {
  /** Columns of all its files, by name, each of the widest type; a file without one gives nulls. */
  columns: DriftColumnDto[];

  files: number;
}

/** How the schemas of the files of a folder differ. */
export class DriftDto {
  /** The schema that most files have; of several that equally many have, the one of the first file by path. */
  columns: DriftColumnDto[];

  /** Files that have it. */
  files: number;

  /** The others, by path. */
  drifting: DriftingFileDto[];

  /** The table that all files make that can be read together. */
  union: UnionDto;
}
