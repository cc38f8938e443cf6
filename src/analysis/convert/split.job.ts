import { Injectable } from '@nestjs/common';
import { outputMetadata } from '../../core/contracts/job-output-metadata.js';
import {
  JobKind,
  type IJobHandler,
  type JobContext,
  type JobOutputs,
  type PinnedSource,
  type RunningJob,
} from '../../core/contracts/jobs.contract.js';
import {
  ENGINE_VERSION,
  quoteIdentifier,
  resolveColumns,
  type BenchTable,
  type Workbench,
} from '../../tabular/index.js';
import { checkedParameters, tableSource } from '../kinds/checked-parameters.js';
import { JobBench } from '../kinds/job-bench.service.js';
import { JobTables } from '../kinds/job-tables.service.js';
import { TooFewRowsError, TooManyOutputsError } from './convert.errors.js';
import { MAX_OUTPUTS, SplitParametersDto } from './dto/split-parameters.dto.js';
import { checkSplit, piecesOf, valueNames } from './split-plan.js';
import { refuseIdle, threadsFor, writeOutput, type Output } from './written-as.js';

type Job = RunningJob<SplitParametersDto>;
type Part = Omit<Output, 'metadata'> & { own: Record<string, unknown> };

/** A copy of the table whose columns are c0, c1, …, so that `rowid` is DuckDB's own, whatever they were called. */
const COPY = 'split_copy';

/** A table as several files, no row lost and none twice: docs/conversions.md. */
@JobKind('split')
@Injectable()
export class SplitJob implements IJobHandler<SplitParametersDto> {
  readonly engineVersion = ENGINE_VERSION;

  constructor(
    private readonly tables: JobTables,
    private readonly bench: JobBench,
  ) {}

  /** @throws ValidationFailedError */
  async validate(
    _: unknown,
    parameters: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<SplitParametersDto> {
    tableSource(source);
    const checked = await checkedParameters(SplitParametersDto, parameters);
    refuseIdle(checked);
    checkSplit(checked);
    return checked;
  }

  /** @throws TooFewRowsError, TooManyOutputsError, UnknownColumnError */
  async run(job: Job, { signal, progress }: JobContext): Promise<JobOutputs> {
    const { parameters } = job;
    const files = await this.tables.filesOf(job, tableSource(job.source), parameters.readOptions);
    const threads = threadsFor(parameters.format);
    const options = { signal, threads, tables: [{ name: 'source', files }] };
    return await this.bench.outputs(job, options, async (bench, held) => {
      progress(0.05, 'reading');
      const table = bench.tables[0] as BenchTable;
      const rowCount = await copied(bench, table);
      const parts = await partsOf(bench, table, job, rowCount);
      let written = 0;
      for (const [place, { own, ...part }] of parts.entries()) {
        progress(0.3 + (0.7 * place) / parts.length, part.name);
        const metadata = outputMetadata(job, { parts: parts.length, ...own });
        written += await writeOutput(bench, held, parameters, { ...part, metadata });
      }
      if (written !== rowCount) {
        throw new Error(`Of ${rowCount} rows ${written} were written.`);
      }
    });
  }
}

/** @returns rows */
async function copied(bench: Workbench, { name, columns }: BenchTable): Promise<number> {
  const list = columns.map((column, place) => `${quoteIdentifier(column.name)} AS c${place}`);
  await bench.run(
    `CREATE OR REPLACE TEMP TABLE ${COPY} AS SELECT ${list.join(', ')} FROM ${quoteIdentifier(name)}`,
  );
  const [[rows, last] = []] = await bench.rows(
    `SELECT count(*), coalesce(max(rowid) + 1, 0) FROM ${COPY}`,
  );
  if (rows !== last) throw new Error('The rows of the copy are not numbered one after the other.');
  return Number(rows);
}

async function partsOf(
  bench: Workbench,
  { columns }: BenchTable,
  { parameters, seed }: Job,
  rowCount: number,
): Promise<Part[]> {
  const list = columns.map((column, place) => `c${place} AS ${quoteIdentifier(column.name)}`);
  const select = `SELECT ${list.join(', ')} FROM ${COPY}`;
  if (parameters.column !== undefined) {
    const [column] = resolveColumns(
      [{ kind: 'column', path: [parameters.column], position: 1 }],
      columns,
    );
    const cell = `CAST(c${columns.findIndex((one) => one === column)} AS VARCHAR)`;
    return await byValue(bench, select, cell, parameters.column);
  }
  const pieces = piecesOf(parameters, rowCount);
  if (!parameters.shares) {
    return pieces.map(({ name, from, to }) => ({
      name,
      sql: `${select} WHERE rowid >= ${from} AND rowid < ${to}`,
      own: { from_row: from },
    }));
  }
  // Shuffled by digests of the seed and the row's place: the same in every version of DuckDB.
  const digest = `md5_number_lower(concat('${seed}:', rowid))`;
  const starts = await startsOf(
    bench,
    digest,
    pieces.map(({ from }) => from),
  );
  return pieces.map(({ name, from, to }) => {
    const begins = starts(from);
    const ends = starts(to);
    const within =
      from === to ? 'false' : [begins && `NOT ${begins}`, ends].filter(Boolean).join(' AND ');
    const sql = within === '' ? select : `${select} WHERE ${within}`;
    return { name, sql, own: { share: parameters.shares?.[name] } };
  });
}

/** By place in the shuffled table, the condition of all rows before it; `null`: it is the beginning or the end. */
async function startsOf(
  bench: Workbench,
  digest: string,
  places: readonly number[],
): Promise<(place: number) => string | null> {
  const found = await bench.rows(
    `SELECT place, CAST(digest AS VARCHAR), CAST(id AS VARCHAR) FROM (
       SELECT row_number() OVER (ORDER BY digest, id) - 1 AS place, digest, id
       FROM (SELECT ${digest} AS digest, rowid AS id FROM ${COPY}))
     WHERE place IN (${places.join(', ')})`,
  );
  const firsts = new Map(
    found.map(([place, key, id]) => [Number(place), { key: key as string, id: id as string }]),
  );
  return (place) => {
    const first = place === 0 ? undefined : firsts.get(place);
    if (!first) return null;
    const key = `${first.key}::UBIGINT`;
    return `(${digest} < ${key} OR (${digest} = ${key} AND rowid < ${first.id}))`;
  };
}

/** Values are told apart by their texts, so that one and the same comparison parts the rows and finds them. */
async function byValue(
  bench: Workbench,
  select: string,
  cell: string,
  column: string,
): Promise<Part[]> {
  const found = await bench.rows(
    `SELECT ${cell} FROM ${COPY} GROUP BY 1 ORDER BY 1 NULLS LAST LIMIT ${MAX_OUTPUTS + 1}`,
  );
  if (found.length === 0) throw new TooFewRowsError(0, 1);
  if (found.length > MAX_OUTPUTS)
    throw new TooManyOutputsError(`more than ${MAX_OUTPUTS}`, MAX_OUTPUTS);
  const values = found.map(([value]) => value as string | null);
  const names = valueNames(values);
  return values.map((value, place) => ({
    name: names[place] as string,
    sql: `${select} WHERE ${cell} IS NOT DISTINCT FROM ?`,
    parameters: [value],
    own: { column, value: value && shown(value) },
  }));
}

/** As metadata can hold it. */
const shown = (value: string): string =>
  value.toWellFormed().replaceAll('\u0000', '\u2400').slice(0, 200).toWellFormed();
