import { once } from 'node:events';
import { atLeast, median, ratios, row, spread } from '../lib/figures.mjs';
import { bufferContent } from '../lib/content.mjs';
import { startConstantApp, startNode, startService } from '../lib/programs.mjs';
import { uploadRaw } from '../lib/uploads.mjs';

const CONNECTIONS = 32;
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
  const constant = await startConstantApp(workspace, body);
  const client = startNode(workspace, 'load-client.mjs', [], { ipc: true });
  const load = async (target, headers) => {
    client.child.send({ url: target, headers, connections: CONNECTIONS, seconds });
    const [answer] = await once(client.child, 'message');
    if (answer.failed > 0) throw new Error(`${answer.failed} requests to ${target} failed.`);
    return answer.perSecond;
  };
  const ours = () => load(url, service.headers);
  const theirs = () => load(`${constant.url}/v1/files/1`, {});
  await ours();
  await theirs();
  const rates = { service: [], constant: [] };
  for (let round = 1; round <= runs; round += 1) {
    rates.constant.push(await theirs());
    rates.service.push(await ours());
    const [limit, got] = [rates.constant, rates.service].map((all) => perSecond(all.at(-1)));
    log(`round ${round} of ${runs}: constant ${limit}, service ${got}`);
  }
  await Promise.all([service.stop(), constant.stop(), client.stop()]);
  const rateRatios = ratios(rates.service, rates.constant);
  return [
    row(
      `metadata GET, ${CONNECTIONS} connections`,
      spread(rates.service, perSecond),
      `Nest answering a constant ${spread(rates.constant, perSecond)}`,
      spread(rateRatios),
      atLeast(0.5, median(rateRatios)),
    ),
  ];
}
