import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { samplingPlan } from '../../src/analysis/sampling/sampling-plan.js';
import { drawSample, type Sample } from '../../src/analysis/sampling/draw-sample.js';
import { SamplingParametersDto } from '../../src/analysis/sampling/dto/sampling-parameters.dto.js';
import { checkedParameters } from '../../src/analysis/kinds/checked-parameters.js';
import type { BenchTable, Json, Workbench } from '../../src/tabular/index.js';
import { jsonConverter } from '../../src/tabular/values/to-json.js';

export type Parameters = Record<string, unknown>;

/** What sampling does, on a DuckDB in this process: without a child, thousands of samples take seconds. */
export class SamplingLab {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly table: BenchTable,
  ) {}

  /**
   * @param select the rows of the table, in their order
   * @param isScanned whether the rows are read anew, and numbered as they come, as those of a CSV file are
   */
  static async of(select: string, threads = 2, isScanned = false): Promise<SamplingLab> {
    const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
    const connection = await instance.connect();
    const place = isScanned ? 'row_number() OVER () - 1' : 'rowid';
    await connection.run(`CREATE ${isScanned ? 'VIEW' : 'TABLE'} rows AS ${select}`);
    await connection.run(`CREATE VIEW "source rows" AS SELECT 0 AS f, ${place} AS r, * FROM rows`);
    const described = await connection.runAndReadAll('DESCRIBE rows');
    const columns = described.getRowsJS().map(([name, type]) => ({ name, type }));
    const table = {
      name: 'rows',
      columns: columns as BenchTable['columns'],
      rowsView: 'source rows',
      fileIndex: 'f',
      rowIndex: 'r',
    };
    return new SamplingLab(instance, connection, table);
  }

  async all(sql: string, parameters: readonly unknown[] = []): Promise<Json[][]> {
    const reader = await this.connection.runAndReadAll(sql, parameters as DuckDBValue[]);
    return reader.convertRows(jsonConverter);
  }

  /** The rows of a sample. */
  async draw(parameters: Parameters, seed = 1): Promise<{ rows: Json[][]; sample: Sample }> {
    return await this.drawn(parameters, seed, async (sample) => ({
      rows: await this.all(sample.sql, sample.parameters),
      sample,
    }));
  }

  /** What is computed of a sample, without its rows leaving DuckDB. `s` is the sample. */
  async ask(parameters: Parameters, seed: number, sql: string): Promise<Json[][]> {
    return await this.drawn(
      parameters,
      seed,
      async (sample) => await this.all(`WITH s AS (${sample.sql}) ${sql}`, sample.parameters),
    );
  }

  /** SHA-256 of a sample, written as a file. */
  async digest(
    parameters: Parameters,
    seed: number,
    path: string,
    options = 'FORMAT parquet',
  ): Promise<string> {
    return await this.drawn(parameters, seed, async (sample) => {
      await this.all(`COPY (${sample.sql}) TO '${path}' (${options})`, sample.parameters);
      return createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
    });
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async drawn<T>(
    parameters: Parameters,
    seed: number,
    look: (sample: Sample) => Promise<T>,
  ): Promise<T> {
    const plan = samplingPlan(await checkedParameters(SamplingParametersDto, parameters));
    const bench: Workbench = {
      tables: [this.table],
      rows: async (sql, values) => await this.all(sql, values),
      run: async (sql, values = []) => {
        await this.connection.run(sql, values as DuckDBValue[]);
      },
      view: async () => {
        throw new Error('Samples need no views.');
      },
      write: async () => {
        throw new Error('Samples are not written here.');
      },
    };
    try {
      return await look(await drawSample(bench, { table: this.table, files: 1 }, plan, seed));
    } finally {
      for (const name of [
        'gathered',
        'strata',
        'sized',
        'chosen',
        'picked',
        'frame',
        'cumulated',
        'clusters',
      ])
        await this.connection.run(`DROP TABLE IF EXISTS ${name}`);
    }
  }
}
