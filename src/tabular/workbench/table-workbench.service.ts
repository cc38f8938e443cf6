import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { BenchTable, Worked } from '../engine/child/tasks/workbench.task.js';
import type { ReadParts } from '../engine/child/tables.js';
import type { EngineSession } from '../engine/engine-session.js';
import { Engine } from '../engine/engine.service.js';
import { readWritten } from '../engine/written-file.js';
import type { ExportFormat, ExportOptions } from '../export/export-formats.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { TableKnowledge } from '../tables/table-knowledge.service.js';
import type { Json } from '../values/json-text.js';
import { quoteIdentifier } from '../values/quote.js';

export interface WorkbenchOptions {
  /** Whose work it is: turns are shared fairly. */
  callerId: string;
  /** By the names that statements know them by. One of several files is their union. */
  tables: readonly { name: string; files: readonly SourceFile[] }[];
  /** When the work is cut off. */
  deadline: Date;
  signal?: AbortSignal;
  /** Of DuckDB; default: as the settings say. */
  threads?: number;
}

export interface WriteOptions {
  format: ExportFormat;
  options: ExportOptions;
  parameters?: readonly unknown[];
  /** It has a user's statement in it, whose fault its failures are: SqlFailedError. */
  isUsers?: boolean;
}

/**
 * Tables in a DuckDB of their own. Statements are the service's, with users' values bound; one at a time.
 * Their failures are the tables' or a limit's: UnreadableTableError, EngineMemoryError, …
 */
export interface Workbench {
  readonly tables: readonly BenchTable[];
  /** A result of at most 10,000 rows, its values as in pages of rows. */
  rows(sql: string, parameters?: readonly unknown[]): Promise<Json[][]>;
  /** For what later statements use: temporary tables, which go to disk when they grow. `isUsers` as of `write`. */
  run(sql: string, parameters?: readonly unknown[], isUsers?: boolean): Promise<void>;
  /**
   * A view of a user's SELECT, which `StatementTables` has judged. What is written of it is written with
   * `isUsers`. @param name as it stands in statements @throws SqlFailedError
   */
  view(name: string, statement: string): Promise<void>;
  /**
   * Writes the rows of a SELECT.
   * @param keep gets the bytes when all are written; they go with the session
   */
  write<T>(
    sql: string,
    how: WriteOptions,
    keep: (content: Readable) => Promise<T>,
  ): Promise<{ kept: T; rows: number }>;
}

/** What was read as tables must be read otherwise: the work is begun again. */
class TablesCorrected extends Error {}

/** Has work done on tables, in a child process of the engine. */
@Injectable()
export class TableWorkbench {
  constructor(
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
  ) {}

  /**
   * @param work may be carried out more than once: when a statement meets a value that a table was
   *   described wrongly for, the table is described anew and the work is begun again
   * @throws what `work` throws; what reading the tables throws; what `Engine.session` throws
   */
  async session<T>(options: WorkbenchOptions, work: (bench: Workbench) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.once(options, work);
      } catch (error) {
        if (!(error instanceof TablesCorrected)) throw error;
      }
    }
  }

  private async once<T>(
    options: WorkbenchOptions,
    work: (bench: Workbench) => Promise<T>,
  ): Promise<T> {
    const { callerId, deadline, signal, threads } = options;
    const { contents, tables } = await this.knowledge.inputs(options.tables);
    const files = options.tables.flatMap((table) => table.files);
    const deadlineSeconds = Math.max(0, (deadline.getTime() - Date.now()) / 1000);
    const session = { callerId, contents, deadlineSeconds, signal, threads };
    return await this.engine.session(session, async (child) => {
      const opened = await child.call('openBench', { tables });
      const learn = (found: ReadParts): void => this.knowledge.learn(files, found);
      learn(opened);
      return await work(new ChildWorkbench(child, opened.tables, learn));
    });
  }
}

class ChildWorkbench implements Workbench {
  private written = 0;

  constructor(
    private readonly session: EngineSession,
    readonly tables: readonly BenchTable[],
    private readonly learn: (found: ReadParts) => void,
  ) {}

  async rows(sql: string, parameters: readonly unknown[] = []): Promise<Json[][]> {
    return this.outputOf(await this.session.call('benchRows', { sql, parameters }));
  }

  async run(sql: string, parameters: readonly unknown[] = [], isUsers = false): Promise<void> {
    this.outputOf(await this.session.call('benchRun', { sql, parameters, isUsers }));
  }

  async view(name: string, statement: string): Promise<void> {
    // The statement is the last of it: whatever comments and semicolons it ends with are its own.
    const sql = `CREATE OR REPLACE TEMP VIEW ${quoteIdentifier(name)} AS ${statement}`;
    await this.run(sql, [], true);
  }

  async write<T>(
    sql: string,
    { parameters = [], ...how }: WriteOptions,
    keep: (content: Readable) => Promise<T>,
  ): Promise<{ kept: T; rows: number }> {
    const name = `written-${this.written}`;
    this.written += 1;
    const worked = await this.session.call('benchWrite', { sql, parameters, ...how, name });
    const rows = this.outputOf(worked);
    return { kept: await readWritten(this.session.pathOf(name), keep), rows };
  }

  private outputOf<T>(worked: Worked<T>): T {
    if ('output' in worked) return worked.output;
    this.learn(worked.corrected);
    throw new TablesCorrected('The tables are described anew.');
  }
}
