import { openAsBlob } from 'node:fs';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
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

const agent = new Agent({ keepAlive: true });

/**
 * Seconds of one request, to the head of its answer and to its end. Waits for what takes long. Not by
 * `fetch`, which needs seconds for 200 MB.
 */
export async function timed({ headers }, url) {
  const begun = performance.now();
  const since = () => (performance.now() - begun) / 1000;
  for (;;) {
    const asked = get(url, { agent, headers: { ...headers, prefer: 'wait=60' } });
    const [response] = await once(asked, 'response');
    const head = since();
    const isRight = response.statusCode === 200;
    if (isRight || response.statusCode === 202) response.resume();
    else throw new Error(`${url}: ${await text(response)}`);
    await once(response, 'end');
    if (isRight) return { head, whole: since() };
  }
}

export const seconds = async (service, url) => (await timed(service, url)).whole;

export const withParameters = (url, parameters) => `${url}?${new URLSearchParams(parameters)}`;
