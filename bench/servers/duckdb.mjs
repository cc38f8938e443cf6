/**
 * DuckDB by itself, in a process of its own: what the service's tables are held against.
 *
 *     node duckdb.mjs '{"statements": ["…"]}'
 *     node duckdb.mjs '{"statistics": {"sql": "read_parquet(…)", "staged": "COPY …"}}'
 */
import { DuckDBInstance } from '@duckdb/node-api';

const { statements = [], statistics } = JSON.parse(process.argv[2]);
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const all = async (sql, parameters = []) =>
  (await connection.runAndReadAll(sql, parameters)).getRowsJS();
for (const sql of statements) await all(sql);
if (statistics) {
  const { computeStatistics } =
    await import('../../dist/src/tabular/statistics/compute-statistics.js');
  const described = await all(`DESCRIBE SELECT * FROM ${statistics.sql}`);
  const columns = described.map(([name, type]) => ({ name, type }));
  const relation = { sql: statistics.sql, rowIndex: '0' };
  await computeStatistics({ all }, relation, columns, { isCopied: false });
}
process.exit(0);
