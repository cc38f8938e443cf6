import { atMost, median, row } from '../lib/figures.mjs';
import { send } from '../lib/http.mjs';
import { DIFFERENCES, manyFiles } from '../lib/many-files.mjs';
import { milliseconds } from '../lib/paging.mjs';
import { startService } from '../lib/programs.mjs';

const LIMIT_MS = 500;

/** What has changed between two versions with very many files and few differences. */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? 20;
  const place = await manyFiles({ workspace, options, log });
  const { base, changed } = place.versions;
  const path = `/v1/datasets/${place.dataset.id}/diff?base=${base}&head=${changed}&limit=1000`;
  // Nothing is prepared, compiled or remembered in a process that has just been started.
  const fresh = await startService(workspace, place.settings);
  const first = await timed(fresh, path);
  await fresh.stop();
  const seconds = [];
  for (let round = 0; round < runs; round += 1) seconds.push(await timed(place.service, path));
  const most = Math.max(...seconds);
  const total = place.files.toLocaleString('en');
  return [
    row(
      `diff of two versions of ${total} files, ${DIFFERENCES} differences`,
      `p50 ${milliseconds(median(seconds))}, most ${milliseconds(most)}`,
      `first after a restart ${milliseconds(first)}`,
      milliseconds(most),
      atMost(LIMIT_MS, most * 1000, ' ms'),
    ),
  ];
}

async function timed({ url, headers }, path) {
  const { seconds, body } = await send(url + path, { headers, expected: 200 });
  const kinds = Map.groupBy(JSON.parse(body).items, ({ kind }) => kind);
  const counts = ['added', 'removed', 'changed', 'moved'].map((kind) => kinds.get(kind)?.length);
  if (counts.some((count) => count !== DIFFERENCES / 4)) {
    throw new Error(`The diff has other differences than were made: ${counts.join(', ')}.`);
  }
  return seconds;
}
