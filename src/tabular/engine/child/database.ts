import {
  DuckDBInstance,
  type DuckDBConnection,
  type DuckDBMaterializedResult,
  type DuckDBResult,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { TableDatabase } from '../../../core/contracts/dataset-reader.contract.js';
import { quoteLiteral } from '../../values/quote.js';
import type { Json } from '../../values/json-text.js';
import { jsonConverter } from '../../values/to-json.js';
import type { SessionLimits } from '../engine.types.js';

export interface Reach {
  /** Files that may be read. */
  paths: readonly string[];
  /** A folder that may be read and written. */
  folder: string;
}

/** DuckDB of one session. */
export class ChildDatabase implements TableDatabase {
  constructor(
    private readonly instance: DuckDBInstance,
    readonly connection: DuckDBConnection,
  ) {}

  async all(sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
    const result = await this.connection.runAndReadAll(sql, parameters as DuckDBValue[]);
    return result.getRowsJS();
  }

  /** Rows as they are answered. */
  async json(sql: string, parameters: readonly unknown[] = []): Promise<Json[][]> {
    const reader = await this.connection.runAndReadAll(sql, parameters as DuckDBValue[]);
    return reader.convertRows(jsonConverter);
  }

  async run(sql: string, parameters: readonly unknown[] = []): Promise<DuckDBMaterializedResult> {
    return await this.connection.run(sql, parameters as DuckDBValue[]);
  }

  /** Rows as they come, without holding all of them. */
  async stream(sql: string, parameters: readonly unknown[] = []): Promise<DuckDBResult> {
    return await this.connection.stream(sql, parameters as DuckDBValue[]);
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

/**
 * A fresh DuckDB in memory that can open these files and nothing else: no other file, no network, no
 * extension, and none of this can be set back (duckdb.org, "Securing DuckDB"). Settings in this order.
 */
export async function openDatabase(reach: Reach, limits: SessionLimits): Promise<ChildDatabase> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${limits.memoryBytes}B`,
    temp_directory: `${reach.folder}/temp`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  // Given to a new instance it is shown and not kept to (1.5.6): only SET reaches the files.
  await connection.run(`SET max_temp_directory_size = '${limits.tempBytes}B'`);
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`SET allowed_paths = [${reach.paths.map(quoteLiteral).join(', ')}]`);
  await connection.run(`SET allowed_directories = [${quoteLiteral(reach.folder)}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  return new ChildDatabase(instance, connection);
}
