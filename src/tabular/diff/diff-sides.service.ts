import { Injectable } from '@nestjs/common';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { PathNotFoundError } from '../../datasets/index.js';
import {
  TableSources,
  type SourceFile,
  type TableSource,
} from '../sources/table-sources.service.js';
import { FolderTables } from '../tables/folder-tables.service.js';
import { readWith, type Given } from '../tables/table-knowledge.service.js';
import type { Side } from './diff.types.js';

interface SidePlace {
  ref: string;
  path: string;
}

/** The two tables of a dataset that a request compares. */
@Injectable()
export class DiffSides {
  constructor(
    private readonly sources: TableSources,
    private readonly folders: FolderTables,
  ) {}

  /** @throws what `TableSources.resolve` throws, saying of which side; what `FolderTables.of` throws */
  async of(
    caller: Principal,
    places: Record<Side, SidePlace> & { datasetKey: string; options: Given },
  ): Promise<Record<Side, SourceFile[]> & { versions: Record<Side, string> }> {
    const { datasetKey, options } = places;
    const resolve = async (side: Side): Promise<TableSource> => {
      const { ref, path } = places[side];
      try {
        return await this.sources.resolve(caller, { datasetKey, ref, path });
      } catch (error) {
        // One that only the other version has is inserted or deleted as a whole.
        if (!(error instanceof PathNotFoundError)) throw error;
        throw new PathNotFoundError(path, `the ${side}, version ${ref}`);
      }
    };
    const filesOf = async (source: TableSource): Promise<SourceFile[]> => {
      const { files } = await this.folders.of(source, options, caller.id);
      return readWith(files, options);
    };
    // One after the other: where both are wrong, it is the base that is told of, each time.
    const base = await resolve('base');
    const head = await resolve('head');
    return {
      base: await filesOf(base),
      head: await filesOf(head),
      versions: { base: base.version.id, head: head.version.id },
    };
  }
}
