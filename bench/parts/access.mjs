import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { atLeast, atMost, median, ratios, row, spread } from '../lib/figures.mjs';
import { bufferContent } from '../lib/content.mjs';
import { postJson } from '../lib/datasets.mjs';
import { startKeyless, startNode, startService } from '../lib/programs.mjs';
import { uploadRaw } from '../lib/uploads.mjs';

const CONNECTIONS = 32;
const WARM_UP = 2;
const perSecond = (value) => `${Math.round(value)}/s`;
const micros = (value) => `${Math.round(value * 1000)} µs`;

/** What keys and permissions cost, and whether time tells what is not yours from what is not there. */
export async function run({ workspace, options, log }) {
  const service = await startService(workspace);
  const rows = [
    await costOfKeys({ workspace, options, log, service }),
    ...(await timeOfRefusals({ options, log, service })),
  ];
  await service.stop();
  return rows;
}

async function costOfKeys({ workspace, options, log, service }) {
  const runs = options.runs ?? (options.quick ? 2 : 7);
  const seconds = options.quick ? 1 : 4;
  const keyless = await startKeyless(workspace);
  const content = bufferContent(Buffer.from('a,b\n1,2\n'));
  const apps = { keyless, service };
  const targets = {};
  for (const [name, app] of Object.entries(apps)) {
    const { file } = await uploadRaw(app, content, content.sha256());
    targets[name] = `${app.url}/v1/files/${file.id}`;
  }
  const client = startNode(workspace, 'load-client.mjs', [], { ipc: true });
  const rates = { keyless: [], service: [] };
  for (let round = 1 - WARM_UP; round <= runs; round += 1) {
    for (const [name, { headers }] of Object.entries(apps)) {
      client.child.send({ url: targets[name], headers, connections: CONNECTIONS, seconds });
      const [answer] = await once(client.child, 'message');
      if (answer.failed > 0) throw new Error(`${answer.failed} requests to ${name} failed.`);
      if (round >= 1) rates[name].push(answer.perSecond);
    }
    log(`round ${round} of ${runs}`);
  }
  await Promise.all([client.stop(), keyless.stop()]);
  const toKeyless = ratios(rates.service, rates.keyless);
  return row(
    `metadata GET with a key, ${CONNECTIONS} connections`,
    spread(rates.service, perSecond),
    `the same without keys: ${spread(rates.keyless, perSecond)}`,
    spread(toKeyless),
    atLeast(0.8, median(toKeyless)),
  );
}

/** Asked by turns, one at a time, so that both meet the same machine. */
async function timeOfRefusals({ options, log, service }) {
  const count = options.quick ? 300 : 4_000;
  const stranger = await strangerOf(service);
  const { id: datasetId } = (await postJson(service, '/v1/datasets', { name: 'Not yours' })).answer;
  const content = bufferContent(Buffer.from(`not yours ${randomUUID()}\n`));
  const { file } = await uploadRaw(service, content, content.sha256());
  const pairs = [
    {
      what: 'dataset',
      theirs: `/v1/datasets/${datasetId}`,
      unknown: () => `/v1/datasets/${randomUUID()}`,
    },
    {
      what: 'file',
      theirs: `/v1/files/${file.id}`,
      unknown: () => `/v1/files/${1_000_000 + Math.trunc(Math.random() * 1e9)}`,
    },
  ];
  const rows = [];
  for (const { what, theirs, unknown } of pairs) {
    const times = { theirs: [], unknown: [] };
    for (let n = -200; n < count; n += 1) {
      const asked = [
        ['theirs', theirs],
        ['unknown', unknown()],
      ];
      for (const [name, path] of n % 2 ? asked : asked.toReversed()) {
        const took = await timed(service.url + path, stranger);
        if (n >= 0) times[name].push(took);
      }
    }
    const [yours, none] = [median(times.theirs), median(times.unknown)];
    log(`${what}: ${micros(yours)} and ${micros(none)}`);
    rows.push(
      row(
        `404 for a ${what} of others, median of ${count}`,
        micros(yours),
        `for one that does not exist: ${micros(none)}`,
        (yours / none).toFixed(3),
        atMost(0.05, Math.abs(yours / none - 1), ' apart'),
      ),
    );
  }
  return rows;
}

async function strangerOf(service) {
  const name = `stranger-${randomUUID().slice(0, 8)}`;
  const { id } = (await postJson(service, '/v1/users', { name })).answer;
  const { key } = (await postJson(service, '/v1/api-keys', { name, userId: id })).answer;
  return { authorization: `Bearer ${key}` };
}

async function timed(url, headers) {
  const begun = performance.now();
  const response = await fetch(url, { headers });
  await response.arrayBuffer();
  if (response.status !== 404) throw new Error(`${url} was answered with ${response.status}.`);
  return performance.now() - begun;
}
