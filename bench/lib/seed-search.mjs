import pg from 'pg';

/** Words of the seeded text; the n-th is n times as rare as the first (Zipf). */
const VOCABULARY = 100_000;
const CHUNK = 50_000;

/** The n-th most frequent word of the seeded text. */
export const wordOf = (rank) => {
  const digits = String((rank * 7919) % 1_000_003).padStart(6, '0');
  const letters = digits.replaceAll(/\d/g, (digit) => 'aeioulnrst'[Number(digit)]);
  return letters + String.fromCodePoint(97 + (rank % 26));
};

/** Whose the seeded datasets are. */
export const OWNER = '00000000-0000-4000-8000-000000000001';

/** One dataset in a hundred has this name: two words, and its pairs of letters. */
export const JAPANESE = {
  name: '気象データ',
  lexemes: ['気象', 'データ', '象デ', 'デー', 'ータ', 'タ'],
};

const FUNCTIONS = `
  CREATE OR REPLACE FUNCTION pg_temp.word(rank bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT translate(lpad((rank * 7919 % 1000003)::text, 6, '0'), '0123456789', 'aeioulnrst')
      || chr(97 + (rank % 26)::int)
  $$;
  CREATE OR REPLACE FUNCTION pg_temp.words(count int, rarest int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(pg_temp.word(floor(exp(random() * ln(rarest)))::bigint), ' ')
    FROM generate_series(1, count)
  $$;`;

/** Rows as the service and its indexer write them, less files: ids of UUIDv7's form, in their order. */
const SEED = `
  WITH made AS MATERIALIZED (
    SELECT n, ('019' || lpad(to_hex(n), 9, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid AS id,
      CASE WHEN n % 100 = 0 THEN '${JAPANESE.name}' ELSE pg_temp.words(4 + n % 3, ${VOCABULARY}) END AS name,
      pg_temp.words(10 + n % 20, ${VOCABULARY}) AS description,
      pg_temp.words(1 + n % 4, 2000) AS tags, pg_temp.words(4, ${VOCABULARY}) AS path,
      (ARRAY['csv', 'csv', 'csv', 'json', 'parquet', 'png'])[1 + n % 6] AS type
    FROM generate_series($1::int, $2::int) n),
  datasets AS (
    INSERT INTO datasets (id, slug, name, description, owner_id, visibility)
    SELECT id, 'seeded-' || n, name, description, $3::uuid,
      CASE WHEN n % 10 = 0 THEN 'public' ELSE 'private' END FROM made),
  tags AS (
    INSERT INTO dataset_tags (dataset_id, tag)
    SELECT DISTINCT id, tag FROM made, string_to_table(tags, ' ') AS tag)
  INSERT INTO dataset_search (id, owner_id, visibility, document, tags, file_types, paths)
  SELECT id, $3::uuid, CASE WHEN n % 10 = 0 THEN 'public' ELSE 'private' END,
    CASE WHEN n % 100 = 0 THEN '${JAPANESE.lexemes.map((word, at) => `${word}:${at + 1}A`).join(' ')}'::tsvector
      ELSE setweight(to_tsvector('simple', name), 'A') END
    || setweight(to_tsvector('simple', tags), 'B') || setweight(to_tsvector('simple', description), 'C')
    || setweight(to_tsvector('simple', path || ' ' || type), 'D'),
    ARRAY(SELECT DISTINCT unnest(string_to_array(tags, ' '))), ARRAY[type],
    ARRAY[replace(path, ' ', '/') || '.' || type]
  FROM made`;

/** Seeds so many datasets, from two connections at once. Indexes are built at the end. */
export async function seedSearch(url, datasets) {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  try {
    const { rows: indexes } = await pool.query(
      `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
       WHERE tablename = 'dataset_search' AND indexdef LIKE '%USING gin%'`,
    );
    for (const { name } of indexes) await pool.query(`DROP INDEX ${name}`);
    let next = 1;
    const work = async () => {
      const client = await pool.connect();
      await client.query(`SET session_replication_role = replica; ${FUNCTIONS}`);
      for (let from = next; from <= datasets; from = next) {
        next = from + CHUNK;
        await client.query(SEED, [from, Math.min(next - 1, datasets), OWNER]);
      }
      client.release();
    };
    await Promise.all([work(), work()]);
    await pool.query(`SET maintenance_work_mem = '512MB'; ${FUNCTIONS}
      INSERT INTO search_words (word) SELECT pg_temp.word(n) FROM generate_series(1, ${VOCABULARY}) n
      ON CONFLICT DO NOTHING`);
    for (const { definition } of indexes) await pool.query(definition);
    for (const table of ['datasets', 'dataset_tags', 'dataset_search', 'search_words']) {
      await pool.query(`VACUUM ANALYZE ${table}`);
    }
  } finally {
    await pool.end();
  }
}
