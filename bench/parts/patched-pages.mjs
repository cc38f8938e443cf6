import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, median, ratios, row, spread } from '../lib/figures.mjs';
import { startService } from '../lib/programs.mjs';
import { datasetWith, duckdb, seconds, tableOf, withParameters } from '../lib/tables.mjs';

const inMs = (value) => `${Math.round(value * 1000)} ms`;
const ROWS = 1_000_000;
const PATCHES = 10;
const PATCH_ROWS = 1000;
const PAGE = 100;

/** Pages anywhere in a table with patches, against the same pages of the table without. */
export async function run({ workspace, options, log }) {
  const pages = options.quick ? 20 : 100;
  const folder = workspace.folder('patched-pages');
  const service = await startService(workspace);
  const report = [];
  for (const format of ['parquet', 'csv']) {
    const file = join(folder, `patched.${format}`);
    await duckdb({ statements: [`COPY (${tableOf(ROWS, 1)}) TO '${file}'`] });
    const plain = await datasetWith(service, file);
    const path = `patched.${format}`;
    // What reads the table for the first time is no part of the first patch.
    await seconds(service, withParameters(`${plain}/statistics`, { path }));
    const commits = [];
    for (let n = 0; n < PATCHES; n += 1) commits.push(await patch(service, plain, path, n));
    log(`${format}: a commit of a patch ${spread(commits, inMs)}`);
    const patched = plain.replace(/\d+$/, String(1 + PATCHES));
    const page = (version, offset) =>
      withParameters(`${version}/rows`, { path, offset: String(offset), limit: String(PAGE) });
    log(`${format}: first page with patches ${inMs(await seconds(service, page(patched, 0)))}`);
    // By now it is being found out at which rows the patches are.
    await sleep(3000);
    const times = { plain: [], patched: [] };
    for (let n = 0; n < pages; n += 1) {
      const offset = Math.floor((ROWS - PAGE) * Math.random());
      times.plain.push(await seconds(service, page(plain, offset)));
      times.patched.push(await seconds(service, page(patched, offset)));
    }
    const ratio = ratios(times.patched, times.plain);
    report.push(
      row(
        `page of ${PAGE} rows of ${format} with ${PATCHES} patches of ${PATCH_ROWS} rows over ${ROWS.toLocaleString('en')}`,
        spread(times.patched, inMs),
        `without patches: ${spread(times.plain, inMs)}`,
        spread(ratio),
        atMost(2, median(times.patched) / median(times.plain)),
      ),
    );
    workspace.remove(file);
  }
  await service.stop();
  return report;
}

/** Two in three change a row, some delete one, some add one. @returns seconds */
async function patch({ headers }, plain, path, n) {
  const ids = Array.from({ length: PATCH_ROWS }, (_, i) => (i * 997 + n * 31) % (ROWS + 50_000));
  const upserts = ids.filter((_, i) => i % 5 !== 0).map((id) => ({ id, k: n, name: `patch ${n}` }));
  const deletes = ids.filter((_, i) => i % 5 === 0).map((id) => ({ id }));
  const begun = performance.now();
  const response = await fetch(plain.replace(/\/\d+$/, ''), {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      message: `Patch ${n}`,
      changes: [{ op: 'patch', path, key: ['id'], upserts, deletes }],
    }),
  });
  if (response.status !== 201) throw new Error(await response.text());
  return (performance.now() - begun) / 1000;
}
