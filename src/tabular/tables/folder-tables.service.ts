import { Injectable } from '@nestjs/common';
import type { DriftDto } from '../compare/dto/drift.dto.js';
import { findDrift } from '../compare/find-drift.js';
import { reviveFailure } from '../engine/failures.js';
import { SchemasService } from '../schema/schemas.service.js';
import type { SourceFile, TableSource } from '../sources/table-sources.service.js';
import { NotTabularError } from '../tabular.errors.js';
import type { Given } from './table-knowledge.service.js';

export interface FolderTable {
  /** Those that are one table. */
  files: SourceFile[];
  /** Of a folder, how its files differ. */
  drift: DriftDto | null;
}

/**
 * Which files of a folder are one table: those with the schema that most of them have, and those whose
 * columns fit into it. Others are told of, and keep nobody from reading the rest.
 */
@Injectable()
export class FolderTables {
  constructor(private readonly schemas: SchemasService) {}

  /** @throws NotTabularError when none is a table; of a single file, what is wrong with it */
  async of(
    source: Pick<TableSource, 'files' | 'isFolder' | 'path'>,
    given: Given,
    callerId: string,
  ): Promise<FolderTable> {
    if (!source.isFolder) return { files: source.files, drift: null };
    const described = await this.schemas.describeAll(source.files, given, callerId);
    const tables = source.files.flatMap(({ path }, place) => {
      const one = described[place];
      return one && 'description' in one ? [{ path, columns: one.description.columns }] : [];
    });
    if (tables.length === 0) {
      const failed = described.find((one) => 'failure' in one);
      throw failed && source.files.length === 1
        ? reviveFailure(failed.failure)
        : new NotTabularError(source.path);
    }
    const drift = findDrift(tables);
    const apart = new Set(
      drift.drifting.flatMap(({ path, unites, diff }) =>
        unites && diff.verdict !== 'breaking' ? [] : [path],
      ),
    );
    const together = tables.filter(({ path }) => !apart.has(path));
    const paths = new Set(together.map(({ path }) => path));
    return {
      files: source.files.filter(({ path }) => paths.has(path)),
      drift: Object.assign(drift, { union: findDrift(together).union }),
    };
  }
}
