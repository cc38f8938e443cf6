import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DuckDBArrayValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type {
  ReaderContext,
  TableDatabase,
} from '../../src/core/contracts/dataset-reader.contract.js';

/** A value as TableDatabase gives it; lists and structs as arrays and objects. */
function plain(value: DuckDBValue): unknown {
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return value.items.map(plain);
  }
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([key, of]) => [key, plain(of)]));
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map(({ key, value: of }) => ({ key: plain(key), value: plain(of) }));
  }
  if (value instanceof DuckDBUnionValue) return plain(value.value);
  return typeof value === 'object' && value !== null ? String(value) : value;
}

export interface DuckDbForTests extends ReaderContext {
  database: TableDatabase;
  close(): Promise<void>;
}

/** A DuckDB in memory and a folder, as a job of the engine has them, without its limits. */
export async function duckDbForTests(): Promise<DuckDbForTests> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-tables-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  return {
    folder,
    database: {
      all: async (sql, parameters = []) => {
        const result = await connection.runAndReadAll(sql, [...parameters] as DuckDBValue[]);
        return result.getRows().map((row) => row.map(plain));
      },
    },
    close: async () => {
      connection.closeSync();
      instance.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
