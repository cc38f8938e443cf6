import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import type { BenchTable } from '../../src/tabular/engine/child/tasks/workbench.task.js';
import type { Json } from '../../src/tabular/values/json-text.js';
import { jsonConverter } from '../../src/tabular/values/to-json.js';
import type { Workbench } from '../../src/tabular/workbench/table-workbench.service.js';

export interface MemoryBench extends Omit<Workbench, 'write'> {
  /** A table of these rows, in place of one of the same name. */
  put(name: string, select: string): Promise<void>;
  close(): void;
}

/** A workbench in this process, of tables that are made by SQL. */
export async function memoryBench(): Promise<MemoryBench> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  const tables = new Map<string, BenchTable>();
  const rows = async (sql: string, parameters: readonly unknown[] = []): Promise<Json[][]> => {
    const reader = await connection.runAndReadAll(sql, [...parameters] as DuckDBValue[]);
    return reader.convertRows(jsonConverter);
  };
  return {
    get tables() {
      return [...tables.values()];
    },
    rows,
    view: async () => {
      throw new Error('No statements of users are tried here.');
    },
    run: async (sql) => void (await connection.run(sql)),
    put: async (name, select) => {
      await connection.run('DROP TABLE IF EXISTS found; DROP TABLE IF EXISTS suspects');
      await connection.run(`CREATE OR REPLACE TABLE "${name}" AS ${select}`);
      const described = (await rows(`DESCRIBE "${name}"`)) as string[][];
      const columns = described.map(([column = '', type = '']) => ({ name: column, type }));
      tables.set(name, { name, columns, rowsView: '', fileIndex: '', rowIndex: '' });
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
