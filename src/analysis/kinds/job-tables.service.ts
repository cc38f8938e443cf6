import { Injectable } from '@nestjs/common';
import type { PinnedSource, RunningJob } from '../../core/contracts/jobs.contract.js';
import { FolderTables, readWith, TableSources, type SourceFile } from '../../tabular/index.js';

/** What jobs read as one table. */
@Injectable()
export class JobTables {
  constructor(
    private readonly sources: TableSources,
    private readonly folders: FolderTables,
  ) {}

  /**
   * The files of a source, with what the job says of how they are read. Of a folder those that are one
   * table, as in pages of its rows.
   * @throws what `TableSources.pinned` throws; InvalidReadOptionsError; NotTabularError when no file of a folder is a table
   */
  async filesOf(
    { createdBy }: Pick<RunningJob, 'createdBy'>,
    source: PinnedSource,
    readOptions: Readonly<Record<string, unknown>> = {},
  ): Promise<SourceFile[]> {
    const path = source.path ?? '';
    const files = readWith(await this.sources.pinned(source), readOptions);
    const isFolder = path === '' || path.endsWith('/');
    return (await this.folders.of({ files, isFolder, path }, {}, createdBy)).files;
  }
}
