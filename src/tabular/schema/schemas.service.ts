import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import type { Column, RejectedRows } from '../../core/contracts/dataset-reader.contract.js';
import type { Described } from '../engine/child/tasks/describe.task.js';
import { Engine } from '../engine/engine.service.js';
import { reviveFailure } from '../engine/failures.js';
import type { SourceFile, TableSource } from '../sources/table-sources.service.js';
import { TableKnowledge, type Given } from '../tables/table-knowledge.service.js';
import { NotTabularError } from '../tabular.errors.js';
import { TableStager } from '../tables/table-stager.service.js';

export interface SchemaInput {
  files: SourceFile[];
  given: Given;
}

/** How files are read as tables, and what can't be. */
@Injectable()
export class SchemasService {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly stager: TableStager,
  ) {}

  /** JSON of a list of `Described`, in the order of the files. */
  async describe({ files, given }: SchemaInput, callerId: string): Promise<string> {
    return JSON.stringify(await this.describeAll(files, given, callerId));
  }

  /** Of each file, how it is read or why it can't be; what is known is not found out again. */
  async describeAll(
    files: readonly SourceFile[],
    given: Given,
    callerId: string,
  ): Promise<Described[]> {
    const known = await Promise.all(
      files.map(async (file) => await this.knowledge.description(file, given)),
    );
    const unknown = files.filter((_, place) => known[place] === null);
    const found = unknown.length > 0 ? await this.find(unknown, given, callerId) : [];
    const next = found.values();
    return known.map((description) =>
      description ? { description } : (next.next().value as Described),
    );
  }

  /** Of one file. @throws what is wrong with it */
  async columnsOf({ files, path }: TableSource, callerId: string): Promise<Column[]> {
    const [described] = await this.describeAll(files, {}, callerId);
    if (!described || files.length > 1) throw new NotTabularError(path);
    if ('failure' in described) throw reviveFailure(described.failure);
    return described.description.columns;
  }

  /** What later scans have found out of these files, beside how they are read. */
  async factsOf(
    files: readonly SourceFile[],
    given: Given,
  ): Promise<{ rowCount: number | null; rejectedRows: number | null }> {
    const [counts, rejected] = await Promise.all([
      Promise.all(files.map(async (file) => await this.knowledge.rowCount(file, given))),
      Promise.all(
        files.map(async (file) => (await this.knowledge.rejected(file, given))?.count ?? null),
      ),
    ]);
    return { rowCount: sumOf(counts), rejectedRows: sumOf(rejected) };
  }

  /**
   * JSON of a list of `RejectedRows`, in the order of the files. Takes a scan of all rows, of which the
   * next requests have the use.
   */
  async rejected({ files, given }: SchemaInput, callerId: string): Promise<string> {
    const rejected: RejectedRows[] = [];
    for (const file of files) {
      const known = await this.knowledge.rejected(file, given);
      rejected.push(known ?? (await this.count(file, given, callerId)));
    }
    return JSON.stringify(rejected);
  }

  private async count(file: SourceFile, given: Given, callerId: string): Promise<RejectedRows> {
    await this.stager.stage(file, given, callerId);
    return (await this.knowledge.rejected(file, given)) ?? { count: 0, rows: [] };
  }

  private async find(
    files: readonly SourceFile[],
    given: Given,
    callerId: string,
  ): Promise<Described[]> {
    const { contents, parts } = await this.knowledge.input(files, given);
    const deadlineSeconds = this.env.ENGINE_DEADLINE_SECONDS;
    const described = await this.engine.session(
      { callerId, contents, deadlineSeconds },
      async ({ call }) => await call('describe', { parts }),
    );
    for (const [place, one] of described.entries()) {
      if (!('description' in one)) continue;
      const file = files[place] as SourceFile;
      this.knowledge.learn([file], { descriptions: [one.description], rejected: null }, given);
    }
    return described;
  }
}

/** `null` when one is not known. */
const sumOf = (counts: readonly (number | null)[]): number | null =>
  counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0);
