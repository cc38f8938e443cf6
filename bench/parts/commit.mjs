import { withDatabase } from '../lib/database.mjs';
import { commit, pathOf, uploadSmall } from '../lib/datasets.mjs';
import { atMost, median, ratios, row, spread } from '../lib/figures.mjs';
import { milliseconds } from '../lib/paging.mjs';
import { startPostgres, startService } from '../lib/programs.mjs';
import { seedVersion } from '../lib/seed-datasets.mjs';

const WARM_UP = 10;

/** Commits of ten changes to a large dataset and to a small one, in turns. */
export async function run({ workspace, options, log }) {
  const sizes = { large: options.quick ? 5000 : 100_000, small: 100 };
  const pairs = options.runs ?? (options.quick ? 20 : 100);
  const postgres = await startPostgres(workspace);
  const service = await startService(workspace, { DATABASE_URL: postgres.url });
  const fileIds = await uploadSmall(service, 5);
  const datasets = {};
  for (const [name, files] of Object.entries(sizes)) {
    log(`seeding a version of ${files} files`);
    const { id } = await seedVersion(service, postgres.url, files);
    datasets[name] = { id, changes: changesOf(files, fileIds), seconds: [], rows: [] };
  }
  for (let round = -WARM_UP; round < pairs; round += 1) {
    // Neither always follows the other, whose layers may still be merged behind it.
    const order = round % 2 ? ['large', 'small'] : ['small', 'large'];
    for (const name of order) {
      const { id, changes, seconds, rows } = datasets[name];
      const { seconds: taken, answer } = await commit(service, id, changes(round + WARM_UP));
      if (round < 0) continue;
      seconds.push(taken);
      rows.push(await rowsOf(postgres.url, answer.id));
    }
  }
  await service.stop();
  await postgres.stop();
  return report(sizes, datasets);
}

function report(sizes, { large, small }) {
  const quotients = ratios(large.seconds, small.seconds);
  const [many, few] = [sizes.large, sizes.small].map((size) => size.toLocaleString('en'));
  const rows = (counts) => `${Math.max(...counts)} rows`;
  return [
    row(
      `commit of 10 changes to ${many} files`,
      spread(large.seconds, milliseconds),
      `to ${few} files: ${spread(small.seconds, milliseconds)}`,
      spread(quotients),
      atMost(1.5, median(quotients)),
    ),
    row(
      `most rows of such a commit to ${many} files`,
      rows(large.rows),
      `to ${few} files: ${rows(small.rows)}`,
      'components, layer entries, layers of the version',
      // Five files put, twelve paths that change, and one more than the most layers.
      atMost(5 + 12 + 9, Math.max(...large.rows), ' rows'),
    ),
  ];
}

/**
 * Five files put, three deleted, two moved, never the same path twice: what the round before has put
 * is deleted and moved, and in the first round what was there.
 */
function changesOf(files, fileIds) {
  const inRound = (round, n) =>
    round < 0
      ? pathOf(Math.floor((n * files) / fileIds.length))
      : `new-${String(round).padStart(5, '0')}/${(n * 7919) % 100}-${n}.csv`;
  return (round) => {
    const before = fileIds.map((_, n) => inRound(round - 1, n));
    return [
      ...fileIds.map((fileId, n) => ({ op: 'put', path: inRound(round, n), fileId })),
      ...before.slice(0, 3).map((path) => ({ op: 'delete', path })),
      ...before.slice(3).map((from, n) => ({ op: 'move', from, path: `kept/${round}-${n}.csv` })),
    ];
  };
}

/** What the commit of a version has written; that the layers are merged later changes none of it. */
const rowsOf = (databaseUrl, versionId) =>
  withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query(
      `SELECT (SELECT count(*) FROM components WHERE version_id = v.id)
         + (SELECT count(*) FROM layer_entries WHERE layer_id = v.own_layer_id)
         + (SELECT count(*) FROM version_layers WHERE version_id = v.id) AS count
       FROM dataset_versions v WHERE v.id = $1`,
      [versionId],
    );
    return Number(rows[0].count);
  });
