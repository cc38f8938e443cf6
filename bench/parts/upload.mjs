import { atLeast, median, mibPerSecond, ratios, row, sizeText, spread } from '../lib/figures.mjs';
import { freshContent } from '../lib/content.mjs';
import { startBareSink, startRegistry, startService } from '../lib/programs.mjs';
import {
  emptyStore,
  removeFromSink,
  uploadForm,
  uploadRaw,
  uploadToRegistry,
  uploadToSink,
} from '../lib/uploads.mjs';

const NO_REGISTRY = `
  !! docker-registry is not installed: the upload is NOT compared with it.
  !! On Debian and Ubuntu: apt-get install docker-registry
`;

/** One durable stream: the bare sink, raw body, form and registry, in turns. */
export async function run({ workspace, options, log }) {
  const size = options.size ?? (options.quick ? 64 * 2 ** 20 : 2 ** 30);
  const runs = options.runs ?? (options.quick ? 2 : 5);
  const sink = await startBareSink(workspace);
  const service = await startService(workspace);
  const registry = await startRegistry(workspace);
  if (!registry) log(NO_REGISTRY);
  const seconds = { sink: [], raw: [], form: [], registry: [] };
  const senders = sendersTo({ sink, service, registry });
  // The first round warms up: compiled code, folders that exist, connections to the database.
  for (let round = 0; round <= runs; round += 1) {
    for (const [name, sendTo] of senders) {
      const content = freshContent(size);
      const took = await sendTo(content, content.sha256());
      if (round > 0) seconds[name].push(took);
    }
    log(`round ${round} of ${runs}: ${roundText(seconds, round, size)}`);
  }
  await Promise.all([sink, service, registry].map((program) => program?.stop()));
  return rowsOf(seconds, size, registry !== null);
}

function sendersTo({ sink, service, registry }) {
  const toService = (upload) => async (content, sha256) => {
    const { seconds } = await upload(service, content, sha256);
    emptyStore(service.dataDir);
    return seconds;
  };
  const senders = [
    [
      'sink',
      async (content, sha256) => {
        const { seconds, name } = await uploadToSink(sink, content, sha256);
        await removeFromSink(sink, name);
        return seconds;
      },
    ],
    ['raw', toService(uploadRaw)],
    ['form', toService(uploadForm)],
  ];
  if (registry) {
    senders.push([
      'registry',
      async (content, sha256) => {
        const { seconds } = await uploadToRegistry(registry, content, sha256);
        registry.empty();
        return seconds;
      },
    ]);
  }
  return senders;
}

function roundText(seconds, round, size) {
  if (round === 0) return 'warm-up';
  const shown = Object.entries(seconds).filter(([, values]) => values.length > 0);
  return shown.map(([name, all]) => `${name} ${mibPerSecond(size)(all.at(-1))}`).join(', ');
}

function rowsOf(seconds, size, hasRegistry) {
  const speed = (name) => spread(seconds[name], mibPerSecond(size));
  const compared = (name, peer, peerText, limit) => {
    const speedRatios = ratios(seconds[peer], seconds[name]);
    return row(
      `upload of ${sizeText(size)}, ${name === 'raw' ? 'raw body' : 'multipart'}`,
      speed(name),
      `${peerText} ${speed(peer)}`,
      spread(speedRatios),
      atLeast(limit, median(speedRatios)),
    );
  };
  const rows = ['raw', 'form'].map((name) => compared(name, 'sink', 'bare sink', 0.9));
  if (hasRegistry) {
    rows.push(...['raw', 'form'].map((name) => compared(name, 'registry', 'docker-registry', 1)));
  }
  return rows;
}
