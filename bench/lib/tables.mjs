import { openAsBlob } from 'node:fs';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import { spawn } from 'node:child_process';

const DUCKDB = join(import.meta.dirname, '..', 'servers', 'duckdb.mjs');

/** Runs statements in a fresh DuckDB process; resolves with the seconds from its start to its end. */
export async function duckdb(work) {
  const begun = performance.now();
  const child = spawn(process.execPath, [DUCKDB, JSON.stringify(work)], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`DuckDB ended with ${code}.`);
  return (performance.now() - begun) / 1000;
}

/** A table of about 75 bytes a row as CSV, of other contents for each seed. */
export const tableOf = (rows, seed) => `
  SELECT range AS id, (range * 7919 + ${seed}) % 100000 AS k, (hash(range + ${seed}) % 1000000) / 7.0 AS x,
    'name ' || (range % 5000) AS name, DATE '2020-01-01' + (range % 2000)::INT AS d,
    'some longer text here ' || (range + ${seed}) AS txt
  FROM range(${rows})`;

/** A dataset with this file. */
export async function datasetWith({ url, headers }, file) {
  const form = new FormData();
  form.append('name', `Bench ${basename(file)} ${performance.now()}`);
  form.append('files', await openAsBlob(file), basename(file));
  const response = await fetch(`${url}/v1/datasets`, { method: 'POST', headers, body: form });
  if (response.status !== 201) throw new Error(await response.text());
  const { id } = await response.json();
  return `${url}/v1/datasets/${id}/versions/1`;
}

/** Seconds of one request, to the end of its answer. Waits for what takes long. */
export async function seconds({ headers }, url) {
  const begun = performance.now();
  for (;;) {
    const response = await fetch(url, { headers: { ...headers, prefer: 'wait=60' } });
    const body = await response.arrayBuffer();
    if (response.status === 202) continue;
    if (response.status !== 200) throw new Error(`${url}: ${Buffer.from(body).toString()}`);
    return (performance.now() - begun) / 1000;
  }
}

export const withParameters = (url, parameters) => `${url}?${new URLSearchParams(parameters)}`;
