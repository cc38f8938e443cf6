import { openAsBlob } from 'node:fs';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import { connect } from 'node:net';
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

/**
 * Seconds of one request, to the head of its answer and to its end. Waits for what takes long. On a bare
 * socket with one buffer: `fetch` needs seconds for 200 MB, and `node:http` half a second of a processor
 * that the service has to share.
 */
export async function timed(service, url) {
  const begun = performance.now();
  for (;;) {
    const { status, head } = await received(service, url);
    if (status === 202) continue;
    if (status !== 200) throw new Error(`${url} was answered ${status}.`);
    const since = (at) => (at - begun) / 1000;
    return { head: since(head), whole: since(performance.now()) };
  }
}

function received({ headers }, url) {
  const { hostname, port, pathname, search } = new URL(url);
  const asked = { ...headers, host: hostname, prefer: 'wait=60', connection: 'close' };
  const lines = Object.entries(asked).map(([name, value]) => `${name}: ${value}\r\n`);
  const { promise, resolve, reject } = Promise.withResolvers();
  let first = null;
  let [size, last] = [0, ''];
  const callback = (bytes, buffer) => {
    first ??= { at: performance.now(), text: buffer.latin1Slice(0, bytes) };
    size += bytes;
    last = buffer.latin1Slice(Math.max(0, bytes - 5), bytes);
    return true;
  };
  const onread = { buffer: Buffer.alloc(1024 * 1024), callback };
  const socket = connect({ host: hostname, port: Number(port), onread });
  socket.once('error', reject).once('close', () => {
    const [head] = first?.text.split('\r\n\r\n', 1) ?? [''];
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    const isWhole = length ? size === head.length + 4 + Number(length) : last === '0\r\n\r\n';
    if (isWhole) resolve({ status: Number(head.split(' ')[1]), head: first.at });
    else reject(new Error(`The answer of ${url} was cut off.`));
  });
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return promise;
}

export const seconds = async (service, url) => (await timed(service, url)).whole;

export const withParameters = (url, parameters) => `${url}?${new URLSearchParams(parameters)}`;
