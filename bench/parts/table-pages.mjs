import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, median, row, spread } from '../lib/figures.mjs';
import { startService } from '../lib/programs.mjs';
import { datasetWith, duckdb, seconds, tableOf, withParameters } from '../lib/tables.mjs';

const inMs = (value) => `${Math.round(value * 1000)} ms`;
const PAGE = 100;

/** Pages anywhere in large tables, and what others notice while four tables are scanned. */
export async function run({ workspace, options, log }) {
  const pages = options.quick ? 20 : 100;
  const rows = options.quick ? 1_000_000 : 10_000_000;
  const folder = workspace.folder('table-pages');
  const service = await startService(workspace);
  const report = [];
  for (const [format, count, limit] of [
    ['parquet', rows, 50],
    ['csv', options.quick ? 1_000_000 : 13_000_000, 200],
  ]) {
    const file = join(folder, `pages.${format}`);
    await duckdb({ statements: [`COPY (${tableOf(count, 1)}) TO '${file}'`] });
    const version = await datasetWith(service, file);
    const path = `pages.${format}`;
    const page = (offset) =>
      withParameters(`${version}/rows`, { path, offset: String(offset), limit: String(PAGE) });
    log(`${format}: first page ${inMs(await seconds(service, page(0)))}`);
    if (format === 'csv') await untilStaged(service, version, path);
    const times = [];
    for (let n = 0; n < pages; n += 1) {
      times.push(await seconds(service, page(Math.floor((count - PAGE) * Math.random()))));
    }
    report.push(
      row(
        `page of ${PAGE} rows anywhere in ${count.toLocaleString('en')} rows of ${format}`,
        spread(times, inMs),
        '',
        `p50 ${inMs(median(times))}`,
        atMost(limit, median(times) * 1000, ' ms'),
      ),
    );
    workspace.remove(file);
  }
  report.push(await whileScanned(service, { folder, options, log }));
  await service.stop();
  return report;
}

/** Text is written as Parquet after its first read: the row count is exact from then on. */
async function untilStaged({ headers }, version, path) {
  for (;;) {
    const response = await fetch(withParameters(`${version}/schema`, { path }), { headers });
    const { rowCount } = await response.json();
    if (rowCount?.kind === 'exact') return;
    await sleep(500);
  }
}

async function whileScanned(service, { folder, options, log }) {
  const rows = options.quick ? 300_000 : 2_700_000;
  const versions = [];
  for (let seed = 10; seed < 14; seed += 1) {
    const file = join(folder, `scan${seed}.csv`);
    await duckdb({ statements: [`COPY (${tableOf(rows, seed)}) TO '${file}'`] });
    versions.push({ version: await datasetWith(service, file), path: `scan${seed}.csv` });
  }
  const metadata = `${service.url}/v1/datasets?limit=1`;
  const idle = await p95Of(service, metadata, (n) => n < 300);
  let running = versions.length;
  const scans = versions.map(async ({ version, path }) => {
    await seconds(service, withParameters(`${version}/statistics`, { path }));
    running -= 1;
  });
  const busy = await p95Of(service, metadata, () => running > 0);
  await Promise.all(scans);
  log(`metadata p95 idle ${inMs(idle)}, while four scans run ${inMs(busy)}`);
  return row(
    'metadata p95 while four tables are scanned',
    inMs(busy),
    `idle: ${inMs(idle)}`,
    (busy / idle).toFixed(2),
    atMost(2, busy / idle),
  );
}

async function p95Of(service, url, goesOn) {
  const times = [];
  for (let n = 0; goesOn(n); n += 1) {
    times.push(await seconds(service, url));
    await sleep(10);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0;
}
