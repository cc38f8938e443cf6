import type { TableDatabase } from '../../core/contracts/dataset-reader.contract.js';

/** Reads a figure, after the query has run. */
export type Figure<T> = () => T;

const numberOf = (value: unknown): number | null => (value === null ? null : Number(value));

/**
 * One scan that answers many questions. Lists and maps come as JSON text, so that nothing depends on how
 * a database hands them over.
 */
export class AggregateQuery {
  private readonly expressions: string[] = [];
  private row: readonly unknown[] = [];

  /** A figure that is never NULL. */
  count(sql: string): Figure<number> {
    const read = this.add(sql);
    return () => Number(read());
  }

  number(sql: string): Figure<number | null> {
    const read = this.add(`CAST(${sql} AS DOUBLE)`);
    return () => numberOf(read());
  }

  text(sql: string): Figure<string | null> {
    const read = this.add(`CAST(${sql} AS VARCHAR)`);
    return () => read() as string | null;
  }

  /** @param absent what stands for NULL */
  json<T>(sql: string, absent: T): Figure<T> {
    const read = this.add(`CAST(to_json(${sql}) AS VARCHAR)`);
    return () => {
      const text = read() as string | null;
      return text === null ? absent : ((JSON.parse(text) as T | null) ?? absent);
    };
  }

  get isEmpty(): boolean {
    return this.expressions.length === 0;
  }

  /** Once, before any figure is read. */
  async run(database: TableDatabase, source: string): Promise<void> {
    if (this.isEmpty) return;
    const rows = await database.all(`SELECT ${this.expressions.join(', ')} FROM ${source}`);
    this.row = rows[0] ?? [];
  }

  private add(sql: string): Figure<unknown> {
    const index = this.expressions.push(sql) - 1;
    return () => this.row[index];
  }
}
