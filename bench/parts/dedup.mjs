import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { row, sizeText } from '../lib/figures.mjs';
import { bufferContent } from '../lib/content.mjs';
import { startPostgres, startService } from '../lib/programs.mjs';
import { countObjects, uploadRaw } from '../lib/uploads.mjs';

const CLIENTS = 64;

/** Many clients bring the same bytes at once, to two services on one database and one store. */
export async function run({ workspace, options, log }) {
  const size = options.size ?? (options.quick ? 4 * 2 ** 20 : 32 * 2 ** 20);
  const postgres = await startPostgres(workspace);
  const settings = { DATABASE_URL: postgres.url, STRATUM_DATA_DIR: workspace.folder('store') };
  const services = [
    await startService(workspace, settings),
    await startService(workspace, settings),
  ];
  const content = bufferContent(randomBytes(size));
  const sha256 = content.sha256();
  const begun = performance.now();
  const uploads = await Promise.all(
    Array.from({ length: CLIENTS }, (_, client) =>
      uploadRaw(services[client % services.length], content, sha256),
    ),
  );
  const seconds = (performance.now() - begun) / 1000;
  const ids = new Set(uploads.map(({ file }) => file.id));
  const found = await stateOf(postgres.url);
  const objects = countObjects(settings.STRATUM_DATA_DIR);
  log(`${JSON.stringify({ ...found, objects, ids: ids.size })} after ${seconds.toFixed(1)} s`);
  await Promise.all(services.map((service) => service.stop()));
  await postgres.stop();
  const { files, count, references, intents } = found;
  const met =
    files === 1 && objects === 1 && count === CLIENTS && references === CLIENTS && ids.size === 1;
  return [
    row(
      `${CLIENTS} uploads of the same ${sizeText(size)} at once, 2 processes`,
      `${seconds.toFixed(1)} s, ${Math.round((CLIENTS * size) / 2 ** 20 / seconds)} MiB/s received`,
      'exact',
      `${files} row, ${objects} object, count ${count}, ${intents} intents left`,
      { text: `1 row, 1 object, count ${CLIENTS}`, met },
    ),
  ];
}

async function stateOf(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT (SELECT count(*)::int FROM files) AS files,
              (SELECT sum(reference_count)::int FROM files) AS count,
              (SELECT count(*)::int FROM file_references) AS references,
              (SELECT count(*)::int FROM storage_intents) AS intents`,
    );
    return rows[0];
  } finally {
    await client.end();
  }
}
