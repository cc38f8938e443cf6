import { atMost, median, row, spread } from '../lib/figures.mjs';
import { freshContent } from '../lib/content.mjs';
import { npmStart, startService } from '../lib/programs.mjs';
import { uploadRaw } from '../lib/uploads.mjs';

const show = (seconds) => `${seconds.toFixed(2)} s`;

/** From `npm start` to the first 200 of /health/ready, on a data folder that has been used. */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 2 : 5);
  const service = await startService(workspace);
  const content = freshContent(1024);
  await uploadRaw(service, content, content.sha256());
  await service.stop();
  const seconds = [];
  for (let round = 1; round <= runs; round += 1) {
    const started = await npmStart(workspace, service.dataDir);
    seconds.push(started.seconds);
    await started.stop();
    log(`round ${round} of ${runs}: ${show(started.seconds)}`);
  }
  return [
    row(
      '`npm start` to ready, existing data folder',
      spread(seconds, show),
      'target of its own',
      show(median(seconds)),
      atMost(4, median(seconds), ' s'),
    ),
  ];
}
