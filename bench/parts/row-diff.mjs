import { openAsBlob, statSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, median, ratios, row, sizeText, spread } from '../lib/figures.mjs';
import { startService } from '../lib/programs.mjs';
import { duckdb, seconds, tableOf, withParameters } from '../lib/tables.mjs';

const inSeconds = (value) => `${value.toFixed(2)} s`;
const CHANGES = 1000;

/** The same rows but for 400 updates, 300 deletes and 300 inserts. */
const edited = (rows, seed) => {
  const step = Math.floor(rows / CHANGES);
  const place = `id // ${step}`;
  return `SELECT * REPLACE (CASE WHEN id % ${step} = 1 AND ${place} < 400 THEN 'changed' ELSE txt END AS txt)
    FROM (${tableOf(rows, seed)}) WHERE NOT (id % ${step} = 1 AND ${place} BETWEEN 400 AND 699)
    UNION ALL SELECT * REPLACE (id + ${rows} AS id) FROM (${tableOf(300, seed)})`;
};

/**
 * Two files of a million rows with a thousand changes: the first diff of them, child start included,
 * against DuckDB in a process of its own that reads every value of both; then the same diff again.
 */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 1 : 5);
  const rows = options.quick ? 200_000 : 1_000_000;
  const folder = workspace.folder('row-diff');
  const report = [];
  for (const format of ['parquet', 'csv']) {
    const files = ['base', 'head'].map((name) => join(folder, `${name}.${format}`));
    const measured = [];
    for (let seed = 0; seed < runs; seed += 1) {
      const tables = [tableOf(rows, seed), edited(rows, seed)];
      await duckdb({
        statements: tables.map((table, place) => `COPY (${table}) TO '${files[place]}'`),
      });
      measured.push(await compared(workspace, files));
      log(`${format}, round ${seed + 1} of ${runs}`);
    }
    const of = (name) => measured.map((time) => time[name]);
    const ratio = ratios(of('first'), of('reading'));
    report.push(
      row(
        `row diff of two files of ${rows} rows, ${sizeText(statSync(files[0]).size)} of ${format}`,
        spread(of('first'), inSeconds),
        `DuckDB, reading both: ${spread(of('reading'), inSeconds)}`,
        spread(ratio),
        atMost(3, median(ratio)),
      ),
      row('the same diff again', spread(of('again'), inSeconds), '', '', ''),
    );
    for (const file of files) workspace.remove(file);
  }
  return report;
}

/** On a service of its own, so that nothing of the files is known and no child is there. */
async function compared(workspace, files) {
  const service = await startService(workspace);
  try {
    const names = files.map((file) => file.slice(file.lastIndexOf('/') + 1));
    const form = new FormData();
    form.append('name', `Bench ${performance.now()}`);
    for (const [place, file] of files.entries()) {
      form.append('files', await openAsBlob(file), names[place]);
    }
    const { url, headers } = service;
    const created = await fetch(`${url}/v1/datasets`, { method: 'POST', headers, body: form });
    const { id } = await created.json();
    const request = withParameters(`${url}/v1/datasets/${id}/diff/rows`, {
      base: '1',
      head: '1',
      path: names[0],
      headPath: names[1],
      key: 'id',
    });
    // Every value is decoded: of a count, DuckDB would read none.
    const reading = await duckdb({
      statements: files.map((file) => `SELECT min(COLUMNS(*)) FROM '${file}'`),
    });
    const first = await seconds(service, request);
    const answer = await (await fetch(request, { headers })).json();
    const { inserted, updated, deleted } = answer.counts;
    if (inserted + updated + deleted !== CHANGES) throw new Error(JSON.stringify(answer.counts));
    return { reading, first, again: await seconds(service, request) };
  } finally {
    await service.stop();
    workspace.remove(service.dataDir);
  }
}
