import { once } from 'node:events';
import { atLeast, median, ratios, row, spread } from '../lib/figures.mjs';
import { bufferContent } from '../lib/content.mjs';
import { startConstantApp, startNode, startService } from '../lib/programs.mjs';
import { uploadRaw } from '../lib/uploads.mjs';

const CONNECTIONS = 32;
/** Rounds until the code of all three is compiled. */
const WARM_UP = 2;
const perSecond = (value) => `${Math.round(value)}/s`;

/** GET /v1/files/{id} with key, log and database, against the framework answering a constant. */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 2 : 7);
  const seconds = options.quick ? 1 : 4;
  const service = await startService(workspace);
  const content = bufferContent(Buffer.from('a,b\n1,2\n'));
  const { file } = await uploadRaw(service, content, content.sha256());
  const url = `${service.url}/v1/files/${file.id}`;
  const body = await (await fetch(url, { headers: service.headers })).json();
  const apps = {
    bare: await startConstantApp(workspace, 'bare', body),
    pipeline: await startConstantApp(workspace, 'pipeline', body),
    service: { ...service, target: url },
  };
  const client = startNode(workspace, 'load-client.mjs', [], { ipc: true });
  const load = async ({ target, url: base, headers }) => {
    const to = target ?? `${base}/v1/files/1`;
    client.child.send({ url: to, headers, connections: CONNECTIONS, seconds });
    const [answer] = await once(client.child, 'message');
    if (answer.failed > 0) throw new Error(`${answer.failed} requests to ${to} failed.`);
    return answer.perSecond;
  };
  const rates = { bare: [], pipeline: [], service: [] };
  for (let round = 1 - WARM_UP; round <= runs; round += 1) {
    const got = {};
    for (const [name, app] of Object.entries(apps)) got[name] = await load(app);
    if (round < 1) continue;
    for (const [name, rate] of Object.entries(got)) rates[name].push(rate);
    const shown = Object.entries(got).map(([name, rate]) => `${name} ${perSecond(rate)}`);
    log(`round ${round} of ${runs}: ${shown.join(', ')}`);
  }
  await Promise.all([client, ...Object.values(apps)].map((program) => program.stop()));
  const toBare = ratios(rates.service, rates.bare);
  const ours = spread(rates.service, perSecond);
  return [
    row(
      `metadata GET, ${CONNECTIONS} connections`,
      ours,
      `Nest answering a constant: ${spread(rates.bare, perSecond)}`,
      spread(toBare),
      atLeast(0.5, median(toBare)),
    ),
    row(
      `metadata GET, ${CONNECTIONS} connections`,
      ours,
      `the same behind our log, metrics and pipes: ${spread(rates.pipeline, perSecond)}`,
      spread(ratios(rates.service, rates.pipeline)),
    ),
  ];
}
