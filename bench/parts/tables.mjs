import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { atMost, median, ratios, row, sizeText, spread } from '../lib/figures.mjs';
import { startService } from '../lib/programs.mjs';
import { datasetWith, duckdb, tableOf, timed, withParameters } from '../lib/tables.mjs';
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A result is kept when those have been answered who wait for it. */
const KEPT_AFTER_MS = 3000;
const inSeconds = (value) => `${value.toFixed(2)} s`;
const inMs = (value) => `${Math.round(value * 1000)} ms`;

/**
 * The first filter, statistics and export of a file, child start included, against DuckDB in a process of
 * its own running the same SQL on the same file; then the same request again.
 */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 1 : 5);
  const rows = options.quick ? 300_000 : 2_700_000;
  const folder = workspace.folder('tables');
  const report = [];
  for (const format of ['csv', 'parquet']) {
    const measured = { filter: [], statistics: [], export: [] };
    let size = 0;
    for (let seed = 0; seed < runs; seed += 1) {
      const file = join(folder, `t${seed}.${format}`);
      await duckdb({ statements: [`COPY (${tableOf(rows, seed)}) TO '${file}'`] });
      size = statSync(file).size;
      for (const what of Object.keys(measured)) {
        measured[what].push(await compared({ workspace, folder, file, format }, what));
      }
      log(`${format}, round ${seed + 1} of ${runs}`);
      workspace.remove(file);
    }
    for (const [what, times] of Object.entries(measured)) {
      const of = (name) => times.map((time) => time[name]);
      const ratio = ratios(of('first'), of('duckdb'));
      report.push(
        row(
          `first ${what} of ${sizeText(size)} of ${format}`,
          spread(of('first'), inSeconds),
          `DuckDB, the same SQL: ${spread(of('duckdb'), inSeconds)}`,
          spread(ratio),
          atMost(1.25, median(ratio)),
        ),
        row(
          what === 'export'
            ? `the same ${what} again, to its first byte`
            : `the same ${what} again`,
          spread(of('again'), inMs),
          '',
          spread(of('again'), inMs),
          atMost(20, median(of('again')) * 1000, ' ms'),
        ),
      );
    }
  }
  return report;
}

/** On a service of its own, so that nothing of the file is known and no child is there. */
async function compared({ workspace, folder, file, format }, what) {
  const service = await startService(workspace);
  try {
    const version = await datasetWith(service, file);
    const path = file.slice(file.lastIndexOf('/') + 1);
    const request = {
      filter: withParameters(`${version}/rows`, { path, where: 'k = 5', limit: '100' }),
      statistics: withParameters(`${version}/statistics`, { path }),
      export: withParameters(`${version}/export`, {
        path,
        format: format === 'csv' ? 'parquet' : 'csv',
      }),
    }[what];
    // What was written before goes to the disk before either begins, and not beside it.
    execFileSync('sync');
    const alone = await duckdb(sameWork(what, { folder, file, format }));
    execFileSync('sync');
    const first = await timed(service, request);
    // Once more without being looked at, for the code of the route; and when it has been kept.
    await timed(service, request);
    await delay(KEPT_AFTER_MS);
    const again = await timed(service, request);
    // What is exported is a download from then on, which the part of that name measures.
    const known = what === 'export' ? again.head : again.whole;
    return { duckdb: alone, first: first.whole, again: known };
  } finally {
    await service.stop();
    workspace.remove(service.dataDir);
  }
}

/** What the service has a child do, as SQL. */
function sameWork(what, { folder, file, format }) {
  const isCsv = format === 'csv';
  const table = isCsv ? `read_csv('${file}')` : `read_parquet('${file}', file_row_number = true)`;
  const plain = isCsv ? table : `read_parquet('${file}')`;
  const out = join(folder, 'duckdb-out');
  switch (what) {
    case 'filter': {
      if (!isCsv) {
        return {
          statements: [
            `SELECT * FROM ${table} WHERE k = 5 LIMIT 101`,
            `SELECT count(*) FROM ${plain} WHERE k = 5`,
          ],
        };
      }
      const numbered = `(SELECT row_number() OVER () - 1 AS i, * FROM ${table})`;
      return {
        statements: [`SELECT count(*), arg_min(t, i, 101) FROM ${numbered} AS t WHERE k = 5`],
      };
    }
    case 'statistics':
      return isCsv
        ? {
            statements: [
              `COPY (SELECT * FROM ${plain}) TO '${out}.parquet' (FORMAT parquet, COMPRESSION snappy)`,
            ],
            statistics: { sql: `read_parquet('${out}.parquet')` },
          }
        : { statistics: { sql: plain } };
    case 'export':
      return {
        statements: [
          isCsv
            ? `COPY (SELECT * FROM ${plain}) TO '${out}' (FORMAT parquet, COMPRESSION snappy)`
            : `COPY (SELECT * FROM ${plain}) TO '${out}' (FORMAT csv, HEADER true)`,
        ],
      };
  }
}
