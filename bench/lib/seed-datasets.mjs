import { randomUUID } from 'node:crypto';
import { postJson, uploadSmall, pathOf } from './datasets.mjs';
import { seeded } from './database.mjs';

/** Bytes of every seeded file. */
const SIZE = 1024;

/**
 * A dataset whose first version has many files: made over HTTP with one file, then filled up with
 * the rows that a commit of as many distinct files would have left, without objects.
 */
export async function seedVersion(service, databaseUrl, files) {
  const [fileId] = await uploadSmall(service, 1, randomUUID());
  const { answer: dataset } = await postJson(service, '/v1/datasets', {
    name: `${files} files`,
    files: [{ path: pathOf(0), fileId }],
  });
  await seeded(databaseUrl, async (client) => {
    await reserveIds(client, files - 1);
    await insertFiles(client, dataset.id);
    await insertEntries(client, dataset.id);
    await raiseFigures(client, dataset.id, files - 1);
  });
  return dataset;
}

async function reserveIds(client, count) {
  await client.query(
    `CREATE TEMP TABLE seeded ON COMMIT DROP AS
     SELECT n, nextval('files_id_seq')::int AS file_id,
       nextval('file_references_id_seq') AS reference_id, nextval('components_id_seq') AS component_id
     FROM generate_series(1, $1::int) n`,
    [count],
  );
}

async function insertFiles(client, datasetId) {
  await client.query(
    `INSERT INTO files (id, content_hash, size_bytes, block_crcs, backend, storage_key, reference_count)
     SELECT file_id, encode(sha256(($1 || n)::bytea), 'hex'), $2, '\\x00000000', 'local',
       'seeded/' || $1 || '/' || n, 1
     FROM seeded ORDER BY n`,
    [datasetId, SIZE],
  );
  await client.query(
    `INSERT INTO file_references (id, file_id, owner_type, owner_id, file_type, file_name)
     SELECT reference_id, file_id, 'dataset', $1, 'csv', 'part.csv' FROM seeded ORDER BY n`,
    [datasetId],
  );
}

async function insertEntries(client, datasetId) {
  await client.query(
    `INSERT INTO components (id, dataset_id, version_id, file_id, reference_id, content_hash,
       size_bytes, file_type, file_name)
     SELECT s.component_id, v.dataset_id, v.id, s.file_id, s.reference_id, f.content_hash,
       f.size_bytes, 'csv', 'part.csv'
     FROM seeded s JOIN files f ON f.id = s.file_id, dataset_versions v
     WHERE v.dataset_id = $1 ORDER BY s.n`,
    [datasetId],
  );
  await client.query(
    `INSERT INTO layer_entries (layer_id, path, component_id)
     SELECT v.own_layer_id, format('set-%s/part-%s.csv', left(s.digits, 5), s.digits), s.component_id
     FROM (SELECT *, lpad(n::text, 7, '0') AS digits FROM seeded) s, dataset_versions v
     WHERE v.dataset_id = $1 ORDER BY s.n`,
    [datasetId],
  );
  await client.query(
    `INSERT INTO dataset_contents (dataset_id, file_id, size_bytes, uses)
     SELECT $1, file_id, $2, 1 FROM seeded ORDER BY n`,
    [datasetId, SIZE],
  );
}

async function raiseFigures(client, datasetId, count) {
  const bytes = count * SIZE;
  await client.query(
    `UPDATE layers SET entry_count = entry_count + $2
     WHERE id = (SELECT own_layer_id FROM dataset_versions WHERE dataset_id = $1)`,
    [datasetId, count],
  );
  await client.query(
    `UPDATE dataset_versions SET file_count = file_count + $2, total_bytes = total_bytes + $3,
       types = jsonb_build_object('csv',
         jsonb_build_object('files', file_count + $2, 'bytes', total_bytes + $3))
     WHERE dataset_id = $1`,
    [datasetId, count, bytes],
  );
  await client.query(
    `UPDATE datasets SET logical_bytes = logical_bytes + $2, stored_bytes = stored_bytes + $2
     WHERE id = $1`,
    [datasetId, bytes],
  );
}

/**
 * Datasets with a version of one file each, as many as asked for with the one that is made over HTTP
 * and copied: all of them have the same content, and hence the same overlay document. Layers and
 * components are left out, which no list of datasets looks at.
 */
export async function seedDatasets(service, databaseUrl, count) {
  const [fileId] = await uploadSmall(service, 1, randomUUID());
  const { answer: dataset } = await postJson(service, '/v1/datasets', {
    name: 'Sample',
    description: 'One of very many.',
    tags: ['bench', 'sample'],
    files: [{ path: pathOf(0), fileId }],
  });
  await seeded(databaseUrl, (client) => copyDataset(client, dataset.id, count - 1));
}

async function copyDataset(client, id, count) {
  await client.query(
    `CREATE TEMP TABLE seeded ON COMMIT DROP AS
     SELECT n, uuidv7() AS dataset_id, uuidv7() AS version_id FROM generate_series(1, $1::int) n`,
    [count],
  );
  await client.query(
    `INSERT INTO datasets (id, slug, name, description, metadata, visibility, owner_id,
       version_count, last_version_number, logical_bytes, stored_bytes)
     SELECT s.dataset_id, d.slug || '-' || s.n, d.name || ' ' || s.n, d.description, d.metadata,
       d.visibility, d.owner_id, 1, 1, d.logical_bytes, d.stored_bytes
     FROM seeded s, datasets d WHERE d.id = $1 ORDER BY s.n`,
    [id],
  );
  await client.query(
    `INSERT INTO dataset_tags (dataset_id, tag)
     SELECT s.dataset_id, t.tag FROM seeded s, dataset_tags t WHERE t.dataset_id = $1 ORDER BY s.n`,
    [id],
  );
  await client.query(
    `INSERT INTO dataset_versions (id, dataset_id, version_number, message, overlay_file_id,
       overlay_reference_id, own_layer_id, file_count, total_bytes, types, created_by)
     SELECT s.version_id, s.dataset_id, 1, v.message, v.overlay_file_id, v.overlay_reference_id,
       v.own_layer_id, v.file_count, v.total_bytes, v.types, v.created_by
     FROM seeded s, dataset_versions v WHERE v.dataset_id = $1 ORDER BY s.n`,
    [id],
  );
  await client.query(
    `INSERT INTO dataset_refs (dataset_id, name, kind, version_id)
     SELECT dataset_id, 'main', 'branch', version_id FROM seeded ORDER BY n`,
  );
}
