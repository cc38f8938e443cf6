import { Inject, Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { ENV, type Env } from '../../core/config/config.js';
import { EXPORT_FORMATS } from '../export/export-formats.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { ResultOf } from '../results/result-keeper.service.js';
import { SchemasService } from '../schema/schemas.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { hintsOf } from '../tables/table-knowledge.service.js';
import { TableStager } from '../tables/table-stager.service.js';
import { EngineMemoryError } from '../tabular.errors.js';
import {
  TableWorkbench,
  type Workbench,
  type WorkbenchOptions,
} from '../workbench/table-workbench.service.js';
import { openPatched, patchedSides, patchTables } from './patched-sides.js';
import { DiffWork, SHARE_OF_MEMORY } from './diff-work.js';
import type { DiffLayout, BenchSides, DiffSpec, DiffSummary, Side } from './diff.types.js';

export interface DiffInput {
  base: SourceFile[];
  head: SourceFile[];
  spec: DiffSpec;
}

/** A diff that is there as a whole. */
export interface RowDiff {
  summary: DiffSummary;
  layout: DiffLayout;
  /** Parquet with the changes, as the file of a table. */
  changes: SourceFile;
}

interface Reading {
  tables: WorkbenchOptions['tables'];
  open: (bench: Workbench) => Promise<BenchSides>;
}

type Facts = Pick<RowDiff, 'summary' | 'layout'>;

/** Shares of the rows that a diff is made in at most. */
const MAX_SHARES = 4096;
/** How many times more shares than it seems to need are tried. */
const MAX_FACTOR = 64;

/**
 * Which rows of two tables differ. Each diff is computed once, whoever asks for it, and kept by the
 * contents and what is asked of them; pages and jobs read what was kept.
 */
@Injectable()
export class RowDiffs {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly workbench: TableWorkbench,
    private readonly results: DerivedResults,
    private readonly stager: TableStager,
    private readonly schemas: SchemasService,
  ) {}

  /** @throws KeyNotUniqueError, InvalidDiffError, UnknownColumnError; what reading the tables throws */
  async of(input: DiffInput, callerId: string): Promise<RowDiff> {
    const changesOf = resultOf(input, 'row-diff');
    const factsOf = resultOf(input, 'row-diff-facts');
    const [kept, known] = await Promise.all([
      this.results.find(changesOf),
      this.results.peek(factsOf),
    ]);
    if (kept && known !== null) return toRowDiff(kept, known);
    const use = { fileType: 'parquet', mimeType: EXPORT_FORMATS.parquet.mimeType };
    const changes = await this.results.artifact(changesOf, use, async (keep) => {
      const { facts, kept: staged } = await this.compute(input, callerId, keep);
      this.results.put(factsOf, JSON.stringify(facts));
      return staged;
    });
    // Changes that another process has just kept may be there before their facts.
    const facts =
      (await this.results.peek(factsOf)) ??
      (await this.results.json(factsOf, async () =>
        JSON.stringify((await this.compute(input, callerId, drained)).facts),
      ));
    return toRowDiff(changes, facts);
  }

  private async compute<T>(
    { base, head, spec }: DiffInput,
    callerId: string,
    keep: (content: Readable) => Promise<T>,
  ): Promise<{ facts: Facts; kept: T }> {
    const deadline = new Date(Date.now() + this.env.ENGINE_DEADLINE_SECONDS * 1000);
    const memoryBytes = this.env.ENGINE_MEMORY_BYTES;
    // What turns out not to fit is done once more, in more shares; by one thread, since each has its own.
    for (let factor = 1; ; factor *= 8) {
      const { tables, open } = await this.reading({ base, head, spec }, factor === 1, callerId);
      const options = { callerId, tables, deadline, ...(factor > 1 && { threads: 1 }) };
      try {
        return await this.workbench.session(options, async (bench) => {
          const sides = await open(bench);
          const limits = { memoryBytes, factor, maxShares: MAX_SHARES };
          const work = new DiffWork(bench, sides, spec, limits);
          const facts = await work.find();
          return { facts, kept: await work.write(keep) };
        });
      } catch (error) {
        if (!(error instanceof EngineMemoryError) || factor >= MAX_FACTOR) throw error;
      }
    }
  }

  /** What is read, and how it becomes `base` and `head` of a bench. */
  private async reading(
    { base, head, spec }: DiffInput,
    mayLoad: boolean,
    callerId: string,
  ): Promise<Reading> {
    const patched = patchedSides(base, head, spec);
    const [described] = patched ? await this.schemas.describeAll([patched.file], {}, callerId) : [];
    if (patched && described && 'description' in described) {
      const { description } = described;
      return {
        tables: patchTables(patched, description.rowCount !== null),
        open: async (bench) => await openPatched(bench, patched, description),
      };
    }
    const files = [...base, ...head];
    const fits = mayLoad && bytesOf(files) <= this.env.ENGINE_MEMORY_BYTES * SHARE_OF_MEMORY;
    if (!fits) await this.stage(files, callerId);
    return {
      tables: [
        { name: 'base', files: base },
        { name: 'head', files: head },
      ],
      open: async (bench) => {
        if (fits) await this.load(bench, { base, head });
        for (const file of files) this.stager.wish(file, {});
        return {
          columns: { base: columnsOf(bench, 'base'), head: columnsOf(bench, 'head') },
          beside: 0,
        };
      },
    };
  }

  /** Makes Parquet of text, since the tables are read several times. Which are text is known once described. */
  private async stage(files: readonly SourceFile[], callerId: string): Promise<void> {
    await this.schemas.describeAll(files, {}, callerId);
    for (const file of files) {
      if (await this.stager.isWorthwhile(file, {})) await this.stager.stage(file, {}, callerId);
    }
  }

  /** Takes text apart once: later statements find rows in place of the views of the same names. */
  private async load(bench: Workbench, sides: Record<Side, SourceFile[]>): Promise<void> {
    for (const side of ['base', 'head'] as const) {
      const parsed = await Promise.all(
        sides[side].map(async (file) => await this.stager.isParsed(file, {})),
      );
      if (parsed.includes(true)) {
        await bench.run(`CREATE TEMP TABLE ${side} AS SELECT * FROM main.${side}`);
      }
    }
  }
}

/** About how much they are as rows in memory. */
const bytesOf = (files: readonly SourceFile[]): number =>
  files.reduce((sum, { size, compressionType }) => sum + size * (compressionType ? 8 : 1), 0);

const drained = async (content: Readable): Promise<void> => {
  await finished(content.resume());
};

const columnsOf = ({ tables }: Workbench, side: Side): readonly Column[] =>
  tables.find(({ name }) => name === side)?.columns ?? [];

const resultOf = ({ base, head, spec }: DiffInput, kind: string): ResultOf => ({
  kind,
  contents: [...base, ...head],
  parameters: {
    base: base.map((file) => hintsOf(file, {})),
    head: head.map((file) => hintsOf(file, {})),
    spec,
  },
});

function toRowDiff(
  kept: Pick<SourceFile, 'fileId' | 'contentHash' | 'size'>,
  facts: string,
): RowDiff {
  const { fileId, contentHash, size } = kept;
  const changes: SourceFile = {
    path: 'changes.parquet',
    fileId,
    contentHash,
    size,
    fileType: 'parquet',
    fileName: 'changes.parquet',
    compressionType: null,
    readOptions: {},
    patches: null,
  };
  return { ...(JSON.parse(facts) as Facts), changes };
}
