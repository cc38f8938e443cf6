import { Inject, Injectable } from '@nestjs/common';
import { outputMetadata } from '../../core/contracts/job-output-metadata.js';
import {
  JobKind,
  type IJobHandler,
  type JobContext,
  type JobOutputs,
  type PinnedSource,
  type RunningJob,
} from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { VERSION_FILES, type IVersionFiles } from '../../core/contracts/version-files.contract.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import {
  ENGINE_VERSION,
  quoteIdentifier,
  SqlRefusedError,
  StatementTables,
  TableSources,
  type Workbench,
} from '../../tabular/index.js';
import { checkedParameters } from '../kinds/checked-parameters.js';
import { JobBench } from '../kinds/job-bench.service.js';
import { SqlParametersDto } from './dto/sql-parameters.dto.js';
import { refuseIdle, writeOutput } from './written-as.js';

interface SqlJobParameters extends SqlParametersDto {
  /** Files, and folders, that the statement reads. */
  reads: PinnedSource[];
}

/**
 * The whole result of a statement, as a file. One thread works on it: with several the order of groups, and the
 * last digits of sums, would be others each time, and the same job would not give the same bytes.
 */
@JobKind('sql')
@Injectable()
export class SqlJob implements IJobHandler<SqlJobParameters> {
  readonly engineVersion = ENGINE_VERSION;

  constructor(
    private readonly tables: TableSources,
    private readonly statements: StatementTables,
    private readonly bench: JobBench,
    @Inject(VERSION_FILES) private readonly versions: IVersionFiles,
  ) {}

  /** @throws ValidationFailedError, SqlRefusedError, UnknownTableError, PathNotFoundError */
  async validate(
    caller: Principal,
    parameters: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<SqlJobParameters> {
    const version = versionSource(source);
    const { datasetId, versionId: ref } = version;
    const checked = await checkedParameters(SqlParametersDto, parameters);
    refuseIdle(checked);
    const { tables } = await this.judge(checked.sql, version, caller.id);
    const paths = tables.flatMap(({ name, files }) =>
      name.endsWith('/') ? [name] : files.map(({ path }) => path),
    );
    const reads: PinnedSource[] = [];
    for (const path of new Set(paths)) {
      reads.push(await this.versions.pin(caller, { datasetId, ref, path }));
    }
    return Object.assign(checked, { reads });
  }

  sources({ reads }: SqlJobParameters): readonly PinnedSource[] {
    return reads;
  }

  async run(
    job: RunningJob<SqlJobParameters>,
    { signal, progress }: JobContext,
  ): Promise<JobOutputs> {
    const { parameters, createdBy: callerId } = job;
    const { sql } = parameters;
    const { tables } = await this.judge(sql, versionSource(job.source), callerId);
    const names = tables.map(({ name }) => name);
    const prefix = unusedPrefix(names);
    const options = {
      signal,
      threads: 1,
      tables: tables.map(({ files }, place) => ({ name: `${prefix}${place}`, files })),
    };
    return await this.bench.outputs(job, options, async (bench, held) => {
      progress(0.1, 'carrying out the statement');
      await nameTables(bench, names);
      const statement = `${prefix}statement`;
      await bench.view(statement, sql);
      await writeOutput(bench, held, parameters, {
        name: 'result',
        sql: `SELECT * FROM ${quoteIdentifier(statement)}`,
        isUsers: true,
        metadata: outputMetadata(job),
      });
    });
  }

  private async judge(sql: string, source: PinnedSource, callerId: string) {
    const files = await this.tables.pinned(source);
    const judged = await this.statements.judge(sql, files, callerId);
    if (judged.isVolatile) {
      throw new SqlRefusedError(
        'It may give something else each time (random, now, a sample, …), and the same job gives the same bytes.',
      );
    }
    return judged;
  }
}

/** @throws ValidationFailedError */
function versionSource(source: PinnedSource | null): PinnedSource {
  if (!source) throw ValidationFailedError.of('/source', 'must name a version');
  if (source.path === null) return source;
  throw ValidationFailedError.of('/source/path', 'must be absent: the statement names its tables');
}

/** Names of tables are users': ours are none of them, in upper and lower case. */
function unusedPrefix(names: readonly string[]): string {
  let prefix = 'bench ';
  while (names.some((name) => name.toLowerCase().startsWith(prefix))) prefix += ' ';
  return prefix;
}

/** Tables as the statement calls them; of names that are the same to DuckDB one view stands for all. */
async function nameTables(bench: Workbench, names: readonly string[]): Promise<void> {
  for (const [place, name] of names.entries()) {
    const table = bench.tables[place]?.name ?? '';
    await bench.run(
      `CREATE OR REPLACE TEMP VIEW ${quoteIdentifier(name)} AS SELECT * FROM ${quoteIdentifier(table)}`,
    );
  }
}
