import { withDatabase } from '../lib/database.mjs';
import { cursorAt, lastAgainstFirst, PAGE } from '../lib/paging.mjs';
import { startPostgres, startService } from '../lib/programs.mjs';
import { seedDatasets } from '../lib/seed-datasets.mjs';

/** The first page of GET /v1/datasets against the last one, with many datasets. */
export async function run({ workspace, options, log }) {
  const datasets = options.quick ? 20_000 : 1_000_000;
  const runs = options.runs ?? (options.quick ? 20 : 100);
  const postgres = await startPostgres(workspace);
  const service = await startService(workspace, { DATABASE_URL: postgres.url });
  const total = datasets.toLocaleString('en');
  log(`seeding ${total} datasets`);
  await seedDatasets(service, postgres.url, datasets);
  const first = `${service.url}/v1/datasets?limit=${PAGE}`;
  const last = `${first}&cursor=${await cursorAt(await lastBefore(postgres.url), 'datasets', {})}`;
  const rows = [
    await lastAgainstFirst(service, { first, last }, { what: `datasets of ${total}`, runs }),
  ];
  await service.stop();
  await postgres.stop();
  return rows;
}

/** Where the last page begins: the list is newest first, and ids grow. */
const lastBefore = (databaseUrl) =>
  withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query('SELECT id FROM datasets ORDER BY id OFFSET $1 LIMIT 1', [
      PAGE,
    ]);
    return rows[0].id;
  });
