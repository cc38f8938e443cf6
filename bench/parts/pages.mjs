import { freshContent } from '../lib/content.mjs';
import { seeded } from '../lib/database.mjs';
import { cursorAt, lastAgainstFirst, PAGE } from '../lib/paging.mjs';
import { startPostgres, startService } from '../lib/programs.mjs';
import { uploadRaw } from '../lib/uploads.mjs';

/** The first page of GET /v1/files against the last one, with many files. */
export async function run({ workspace, options, log }) {
  const files = options.quick ? 50_000 : 1_000_000;
  const runs = options.runs ?? (options.quick ? 20 : 100);
  const postgres = await startPostgres(workspace);
  const service = await startService(workspace, { DATABASE_URL: postgres.url });
  // Its hold tells whose the seeded files are to be.
  const content = freshContent(1024);
  await uploadRaw(service, content, content.sha256());
  log(`seeding ${files} files`);
  await seeded(postgres.url, (client) => seed(client, files));
  const first = `${service.url}/v1/files?limit=${PAGE}`;
  const last = `${first}&cursor=${await cursorAt(PAGE + 1, 'files', { contentHash: null })}`;
  const what = `files of ${files.toLocaleString('en')}`;
  const rows = [await lastAgainstFirst(service, { first, last }, { what, runs })];
  await service.stop();
  await postgres.stop();
  return rows;
}

/** Files that nobody has sent: rows as uploads leave them, without objects. */
async function seed(client, count) {
  await client.query(
    `INSERT INTO files (content_hash, size_bytes, block_crcs, backend, storage_key, reference_count)
     SELECT encode(sha256(n::text::bytea), 'hex'), 1024, '\\x00000000', 'local', 'seeded/' || n, 1
     FROM generate_series(1, $1::int) n`,
    [count],
  );
  await client.query(
    `INSERT INTO file_references (file_id, owner_type, owner_id, file_type, file_name)
     SELECT f.id, hold.owner_type, hold.owner_id, 'csv', 'seeded-' || f.id || '.csv'
     FROM files f, (SELECT owner_type, owner_id FROM file_references ORDER BY id LIMIT 1) hold
     WHERE f.storage_key LIKE 'seeded/%'`,
  );
}
