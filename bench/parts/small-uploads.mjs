import { randomBytes } from 'node:crypto';
import { atLeast, median, row, spread } from '../lib/figures.mjs';
import { bufferContent } from '../lib/content.mjs';
import { startService } from '../lib/programs.mjs';
import { uploadRaw } from '../lib/uploads.mjs';

const CONCURRENCY = 8;
const perSecond = (value) => `${Math.round(value)}/s`;

/** Durable uploads of 4 KiB, each with a content of its own: what one upload costs beside its bytes. */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 2 : 5);
  const seconds = options.quick ? 2 : 6;
  const service = await startService(workspace);
  const rates = [];
  // The first round warms up.
  for (let round = 0; round <= runs; round += 1) {
    const rate = await uploadFor(service, seconds);
    if (round > 0) rates.push(rate);
    log(`round ${round} of ${runs}: ${perSecond(rate)}`);
  }
  await service.stop();
  return [
    row(
      `durable uploads of 4 KiB, ${CONCURRENCY} at a time`,
      spread(rates, perSecond),
      'target of its own',
      perSecond(median(rates)),
      atLeast(40, median(rates), '/s'),
    ),
  ];
}

async function uploadFor(service, seconds) {
  const begun = performance.now();
  let done = 0;
  const client = async () => {
    while (performance.now() - begun < seconds * 1000) {
      const content = bufferContent(randomBytes(4096));
      await uploadRaw(service, content, content.sha256());
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
  return done / ((performance.now() - begun) / 1000);
}
