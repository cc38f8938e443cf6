import { commit, pathOf, postJson, uploadSmall } from '../lib/datasets.mjs';
import { atMost, median, row, spread } from '../lib/figures.mjs';
import { send } from '../lib/http.mjs';
import { startPostgres, startService } from '../lib/programs.mjs';

const LIMIT_SECONDS = 30;
const seconds = (value) => `${value.toFixed(1)} s`;

/** The first version of a dataset with very many files, in one commit as one JSON body. */
export async function run({ workspace, options, log }) {
  const files = options.quick ? 5000 : 100_000;
  const runs = options.runs ?? (options.quick ? 1 : 3);
  const postgres = await startPostgres(workspace);
  const service = await startService(workspace, { DATABASE_URL: postgres.url });
  log('uploading 1000 files');
  const fileIds = await uploadSmall(service, 1000);
  const changes = Array.from({ length: files }, (_, n) => ({
    op: 'put',
    path: pathOf(n),
    fileId: fileIds[n % fileIds.length],
  }));
  const taken = [];
  for (let round = 1; round <= runs; round += 1) {
    const { answer: dataset } = await postJson(service, '/v1/datasets', { name: `Run ${round}` });
    const made = await commit(service, dataset.id, changes);
    taken.push(made.seconds);
    await checkVersion(service, dataset.id, { made: made.answer, files });
    log(`round ${round} of ${runs}: ${seconds(made.seconds)}`);
  }
  await service.stop();
  await postgres.stop();
  return [
    row(
      `first version of ${files.toLocaleString('en')} files in one commit`,
      spread(taken, seconds),
      `${Math.round(files / median(taken)).toLocaleString('en')} files a second`,
      seconds(median(taken)),
      atMost(LIMIT_SECONDS, median(taken), ' s'),
    ),
  ];
}

/** That what took so long is all there. */
async function checkVersion({ url, headers }, datasetId, { made, files }) {
  if (made.fileCount !== files) throw new Error(`The version has ${made.fileCount} files.`);
  const last = `${url}/v1/datasets/${datasetId}/versions/1/content/${pathOf(files - 1)}`;
  await send(last, { headers, expected: 200 });
}
