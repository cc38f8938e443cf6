import { statSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, median, ratios, row, sizeText, spread } from '../lib/figures.mjs';
import { startService } from '../lib/programs.mjs';
import { datasetWith, duckdb, tableOf } from '../lib/tables.mjs';

const inSeconds = (value) => `${value.toFixed(2)} s`;
const STRATA = 20;

/**
 * A stratified sample of one percent of a CSV file as a job, from its submission to its end, child start
 * included; against DuckDB in a process of its own: by what one would write there, and by our way of doing it.
 */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 1 : 5);
  const rows = options.quick ? 300_000 : 2_700_000;
  const folder = workspace.folder('sampling');
  const times = { job: [], windows: [], same: [] };
  let size = 0;
  for (let seed = 0; seed < runs; seed += 1) {
    const file = join(folder, `t${seed}.csv`);
    await duckdb({ statements: [`COPY (${strataOf(rows, seed)}) TO '${file}'`] });
    size = statSync(file).size;
    const out = join(folder, 'out.parquet');
    times.job.push(await sampled(workspace, file));
    times.windows.push(await duckdb({ statements: [withWindows(file, out)] }));
    times.same.push(await duckdb({ statements: sameWork(file, out) }));
    log(`round ${seed + 1} of ${runs}`);
    workspace.remove(file);
  }
  const figure = `stratified sample of 1 % of ${sizeText(size)} of CSV`;
  const windows = ratios(times.job, times.windows);
  const same = ratios(times.job, times.same);
  return [
    row(
      figure,
      spread(times.job, inSeconds),
      `DuckDB, by windows: ${spread(times.windows, inSeconds)}`,
      spread(windows),
      atMost(1.25, median(windows)),
    ),
    row(
      figure,
      spread(times.job, inSeconds),
      `DuckDB, our statements: ${spread(times.same, inSeconds)}`,
      spread(same),
      atMost(1.25, median(same)),
    ),
  ];
}

const strataOf = (rows, seed) =>
  `SELECT *, 's' || (hash(id + ${seed}) % ${STRATA}) AS stratum FROM (${tableOf(rows, seed)})`;

/** On a service of its own, so that nothing of the file is known and no child is there. */
async function sampled(workspace, file) {
  const service = await startService(workspace);
  try {
    const { pathname } = new URL(await datasetWith(service, file));
    const path = file.slice(file.lastIndexOf('/') + 1);
    const begun = performance.now();
    const response = await fetch(`${service.url}/v1/jobs`, {
      method: 'POST',
      headers: { ...service.headers, 'content-type': 'application/json' },
      body: JSON.stringify({
        kind: 'sampling',
        source: { datasetId: pathname.split('/')[3], path },
        parameters: { method: 'stratified', fraction: 0.01, stratifyBy: ['stratum'], seed: 1 },
      }),
    });
    if (response.status !== 202) throw new Error(await response.text());
    const { id } = await response.json();
    const events = await fetch(`${service.url}/v1/jobs/${id}/events`, { headers: service.headers });
    const told = await events.text();
    const seconds = (performance.now() - begun) / 1000;
    if (!told.includes('"status":"succeeded"')) throw new Error(told);
    return seconds;
  } finally {
    await service.stop();
    workspace.remove(service.dataDir);
  }
}

const numbered = (file) => `(SELECT row_number() OVER () - 1 AS i, * FROM read_csv('${file}'))`;

/** As one would write it. */
const withWindows = (file, out) =>
  `COPY (SELECT * EXCLUDE (i) FROM ${numbered(file)} QUALIFY row_number() OVER (PARTITION BY stratum ` +
  `ORDER BY hash(i, 1)) <= round(0.01 * count(*) OVER (PARTITION BY stratum)) ORDER BY i) TO '${out}' (FORMAT parquet)`;

/** What the service has a child do, as SQL: one scan that counts strata and keeps rows with small keys. */
function sameWork(file, out) {
  const columns = ['i', 'id', 'k', 'x', 'name', 'd', 'txt'];
  const list = columns.map((column) => `CASE WHEN near THEN ${column} END AS ${column}`).join(', ');
  const key = 'hash(xor(hash(i), 1::UBIGINT))';
  const bound = Math.floor(0.015 * 2 ** 53);
  return [
    `CREATE TEMP TABLE gathered AS SELECT *, count(*) AS n FROM (SELECT stratum, ${list} FROM ` +
      `(SELECT *, ${key} < ${bound}::UBIGINT * 2048 AS near FROM ${numbered(file)})) GROUP BY stratum, ${columns.join(', ')}`,
    `CREATE TEMP TABLE sized AS SELECT stratum, round(0.01 * sum(n)) AS size FROM gathered GROUP BY stratum`,
    `COPY (SELECT ${columns.slice(1).join(', ')}, stratum FROM (SELECT g.* FROM gathered AS g JOIN sized USING (stratum) ` +
      `WHERE i IS NOT NULL QUALIFY row_number() OVER (PARTITION BY stratum ORDER BY ${key}) <= size) ORDER BY i) ` +
      `TO '${out}' (FORMAT parquet)`,
  ];
}
