import pg from 'pg';
import { atMost, median, row, spread } from '../lib/figures.mjs';
import { freshContent } from '../lib/content.mjs';
import { send } from '../lib/http.mjs';
import { startPostgres, startService } from '../lib/programs.mjs';
import { uploadRaw } from '../lib/uploads.mjs';

const WARM_UP = 20;
const milliseconds = (seconds) => `${(seconds * 1000).toFixed(1)} ms`;

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
  await seed(postgres.url, files);
  const first = `${service.url}/v1/files?limit=100`;
  const last = `${first}&cursor=${await cursorBefore(101)}`;
  const seconds = { first: [], last: [] };
  for (let round = -WARM_UP; round < runs; round += 1) {
    for (const [name, url] of Object.entries({ first, last })) {
      const answer = await send(url, { headers: service.headers, expected: 200 });
      if (JSON.parse(answer.body).items.length !== 100) throw new Error('A page is not full.');
      if (round >= 0) seconds[name].push(answer.seconds);
    }
  }
  await service.stop();
  await postgres.stop();
  const timeRatio = median(seconds.last) / median(seconds.first);
  return [
    row(
      `page of 100 files of ${files.toLocaleString('en')}: last`,
      milliseconds(median(seconds.last)),
      `first ${milliseconds(median(seconds.first))}`,
      // Single requests of a few milliseconds: their medians tell more than their pairs.
      `${timeRatio.toFixed(2)} (of ${spread(seconds.last, milliseconds)})`,
      atMost(1.5, timeRatio),
    ),
  ];
}

/** Files that nobody has sent: rows as uploads leave them, without objects. */
async function seed(url, count) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
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
    await client.query('VACUUM ANALYZE files');
    await client.query('VACUUM ANALYZE file_references');
  } finally {
    await client.end();
  }
}

/** A cursor in the middle of nowhere, which paging there would take ten thousand requests to get. */
async function cursorBefore(id) {
  const { encodeCursor } = await import('../../dist/src/core/http/cursor.js');
  return encodeCursor(id, 'files', { contentHash: null });
}
