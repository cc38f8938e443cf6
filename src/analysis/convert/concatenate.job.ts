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
  FolderTables,
  quoteIdentifier,
  quoteLiteral,
  readWith,
  TableSources,
  type BenchTable,
  type SourceFile,
  type Union,
  type Workbench,
} from '../../tabular/index.js';
import { checkedParameters } from '../kinds/checked-parameters.js';
import { JobBench } from '../kinds/job-bench.service.js';
import { ColumnTakenError, SchemasApartError } from './convert.errors.js';
import { ConcatenateParametersDto } from './dto/concatenate-parameters.dto.js';
import { refuseIdle, threadsFor, writeOutput } from './written-as.js';

type Checked = Omit<ConcatenateParametersDto, 'sources'>;

interface Concatenation extends Checked {
  /** All that is read beside the job's own source, pinned. */
  sources: PinnedSource[];
}

/** Files as one table, by the names of their columns: docs/conversions.md. */
@JobKind('concatenate')
@Injectable()
export class ConcatenateJob implements IJobHandler<Concatenation> {
  readonly engineVersion = ENGINE_VERSION;

  constructor(
    private readonly tables: TableSources,
    private readonly folders: FolderTables,
    private readonly bench: JobBench,
    @Inject(VERSION_FILES) private readonly versions: IVersionFiles,
  ) {}

  /** @throws ValidationFailedError; what `IVersionFiles.pin` throws for a source */
  async validate(
    caller: Principal,
    parameters: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<Concatenation> {
    const { sources: named = [], ...checked } = await checkedParameters(
      ConcatenateParametersDto,
      parameters,
    );
    refuseIdle(checked);
    if (!source && named.length === 0) {
      throw ValidationFailedError.of('/parameters/sources', 'must name what is read');
    }
    const sources: PinnedSource[] = [];
    for (const [place, one] of named.entries()) {
      if (one.path === undefined) {
        throw ValidationFailedError.of(
          `/parameters/sources/${place}/path`,
          'must be the path of a file, or of a folder: a/',
        );
      }
      sources.push(await this.versions.pin(caller, one));
    }
    return { ...checked, sources };
  }

  sources({ sources }: Concatenation): readonly PinnedSource[] {
    return sources;
  }

  /** @throws SchemasApartError, ColumnTakenError; what is wrong with a file that is no table */
  async run(job: RunningJob<Concatenation>, { signal, progress }: JobContext): Promise<JobOutputs> {
    const { parameters, createdBy: callerId } = job;
    const files = await this.filesOf(job);
    const { clashes, doubles } = await this.folders.unite(files, callerId);
    if (clashes.length > 0) throw new SchemasApartError(clashes);
    const threads = threadsFor(parameters.format);
    const options = { signal, threads, tables: [{ name: 'source', files }] };
    return await this.bench.outputs(job, options, async (bench, held) => {
      const table = bench.tables[0] as BenchTable;
      await checkDoubles(bench, table, files, doubles);
      progress(0.2, 'writing');
      await writeOutput(bench, held, parameters, {
        name: 'concatenated',
        sql: selectOf(table, files, parameters.sourceColumn),
        metadata: outputMetadata(job, { files: files.length }),
      });
    });
  }

  /** In the order of the sources, each under a path that no other has. */
  private async filesOf({ source, parameters }: RunningJob<Concatenation>): Promise<SourceFile[]> {
    const all = [...(source ? [source] : []), ...parameters.sources];
    const found: { file: SourceFile; source: PinnedSource }[] = [];
    for (const one of all) {
      const files = readWith(await this.tables.pinned(one), parameters.readOptions);
      for (const file of files) found.push({ file, source: one });
    }
    const isUnique = new Set(found.map(({ file }) => file.path)).size === found.length;
    return found.map(({ file, source: { datasetId, versionNumber } }) => ({
      ...file,
      path: isUnique ? file.path : `${datasetId}@${versionNumber}/${file.path}`,
    }));
  }
}

/** Whether whole numbers that become doubles are still themselves. @throws SchemasApartError */
async function checkDoubles(
  bench: Workbench,
  { rowsView, fileIndex }: BenchTable,
  files: readonly SourceFile[],
  doubles: Union['doubles'],
): Promise<void> {
  if (doubles.length === 0) return;
  const counts = doubles.map(
    ({ place, name }) =>
      `count_if(abs(${quoteIdentifier(name)}) >= 2^53 AND ${quoteIdentifier(fileIndex)} = ${place})`,
  );
  const [row = []] = await bench.rows(
    `SELECT ${counts.join(', ')} FROM ${quoteIdentifier(rowsView)}`,
  );
  const lost = doubles.filter((_, at) => Number(row[at]) > 0);
  if (lost.length === 0) return;
  throw new SchemasApartError(
    lost.map(({ place, name }) => ({
      path: files[place]?.path ?? '',
      columns: [{ name, from: 'DOUBLE', to: 'whole numbers beyond 2^53' }],
    })),
  );
}

/** @throws ColumnTakenError */
function selectOf(
  { name, rowsView, fileIndex, columns }: BenchTable,
  files: readonly SourceFile[],
  sourceColumn: string | undefined,
): string {
  const list = columns.map((column) => quoteIdentifier(column.name)).join(', ');
  if (sourceColumn === undefined) return `SELECT ${list} FROM ${quoteIdentifier(name)}`;
  const wanted = sourceColumn.toLowerCase();
  if (columns.some((column) => column.name.toLowerCase() === wanted)) {
    throw new ColumnTakenError(sourceColumn);
  }
  const paths = files.map(({ path }) => quoteLiteral(path)).join(', ');
  const path = `([${paths}])[${quoteIdentifier(fileIndex)} + 1]`;
  return `SELECT ${path} AS ${quoteIdentifier(sourceColumn)}, ${list} FROM ${quoteIdentifier(rowsView)}`;
}
