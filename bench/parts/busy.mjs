import { once } from 'node:events';
import { get, Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bufferContent } from '../lib/content.mjs';
import { atMost, median, ratios, row, spread } from '../lib/figures.mjs';
import { startService } from '../lib/programs.mjs';
import { datasetWith, duckdb, tableOf } from '../lib/tables.mjs';
import { uploadRaw } from '../lib/uploads.mjs';

const AT_ONCE = 4;
const PAUSE_MS = 10;
const inMs = (value) => `${value.toFixed(1)} ms`;

/** GET /v1/files/{id}, one after another, while four scans or four jobs run, against an idle service. */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 1 : 5);
  const file = join(workspace.folder('busy'), 't.csv');
  await duckdb({
    statements: [`COPY (${tableOf(options.quick ? 300_000 : 2_700_000, 0)}) TO '${file}'`],
  });
  const service = await startService(workspace, {
    ENGINE_PROCESSES: String(AT_ONCE),
    WORKERS: String(AT_ONCE),
  });
  const version = new URL(await datasetWith(service, file)).pathname.split('/');
  const source = { datasetId: version[3], path: 't.csv' };
  const content = bufferContent(Buffer.from('a,b\n1,2\n'));
  const small = await uploadRaw(service, content, content.sha256());
  const ask = metadata(service, small.file.id);
  const measured = { idle: [], scans: [], jobs: [] };
  // The first round is for the code to be compiled, and for the table to be read.
  for (let round = 0; round <= runs; round += 1) {
    const got = {
      idle: await p95(ask, delay(options.quick ? 500 : 3000)),
      scans: await p95(ask, scans(service, source, round)),
      jobs: await p95(ask, jobs(service, source, round)),
    };
    if (round === 0) continue;
    for (const [name, value] of Object.entries(got)) measured[name].push(value);
    log(`round ${round} of ${runs}: ${Object.values(got).map(inMs).join(', ')}`);
  }
  await service.stop();
  return ['scans', 'jobs'].map((name) => {
    const ratio = ratios(measured[name], measured.idle);
    return row(
      `metadata GET while ${AT_ONCE} ${name} run, p95`,
      spread(measured[name], inMs),
      `idle: ${spread(measured.idle, inMs)}`,
      spread(ratio),
      atMost(2, median(ratio)),
    );
  });
}

/** Milliseconds of one request. */
function metadata({ url, headers }, id) {
  const agent = new Agent({ keepAlive: true });
  return async () => {
    const begun = performance.now();
    const [response] = await once(get(`${url}/v1/files/${id}`, { agent, headers }), 'response');
    await once(response.resume(), 'end');
    if (response.statusCode !== 200) throw new Error(`Answered ${response.statusCode}.`);
    return performance.now() - begun;
  };
}

/** Of the requests that were sent while the work lasted. */
async function p95(ask, work) {
  let isOver = false;
  const end = () => (isOver = true);
  work.then(end, end);
  const times = [];
  while (!isOver) {
    times.push(await ask());
    await delay(PAUSE_MS);
  }
  await work;
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)];
}

async function post({ url, headers }, path, body, status) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', prefer: 'wait=60' },
    body: JSON.stringify(body),
  });
  if (response.status !== status) throw new Error(await response.text());
  return await response.json();
}

const atOnce = (one) => Promise.all(Array.from({ length: AT_ONCE }, (_, n) => one(n)));

/** Each of another statement: none is answered by what another has found. */
const scans = (service, { datasetId }, round) =>
  atOnce(async (n) => {
    const sql = `SELECT count(*), sum(length(txt)), max(x) FROM t WHERE name <> 'name ${round * AT_ONCE + n}' GROUP BY k ORDER BY 1 LIMIT 5`;
    await post(service, '/v1/query', { datasetId, sql }, 200);
  });

/** Each of another seed. */
const jobs = (service, source, round) =>
  atOnce(async (n) => {
    const seed = round * AT_ONCE + n;
    const parameters = { method: 'random', fraction: 0.1, seed };
    const { id } = await post(service, '/v1/jobs', { kind: 'sampling', source, parameters }, 202);
    const { url, headers } = service;
    const events = await (await fetch(`${url}/v1/jobs/${id}/events`, { headers })).text();
    if (!events.includes('"status":"succeeded"')) throw new Error(events);
  });
