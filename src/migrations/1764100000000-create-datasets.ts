import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Datasets, their versions as overlays in layers, refs, tags, and what search looks at. */
export class CreateDatasets1764100000000 implements MigrationInterface {
  name = 'CreateDatasets1764100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createDatasets(queryRunner);
    await createVersions(queryRunner);
    await createLayers(queryRunner);
    await createLayerFunctions(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP FUNCTION layers_lookup(bigint[], text[]);
      DROP FUNCTION layers_folders(bigint[], text, text, text, int);
      DROP FUNCTION layers_page(bigint[], text, text, int);
      DROP TABLE version_layers;
      DROP TABLE layer_entries;
      DROP TABLE layers;
      DROP TABLE dataset_contents;
      DROP TABLE components;
      DROP TABLE dataset_refs;
      DROP TABLE dataset_versions;
      DROP TABLE dataset_tags;
      DROP TABLE datasets;
    `);
  }
}

async function createDatasets(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE datasets (
      id uuid NOT NULL,
      slug varchar(100) NOT NULL,
      name varchar(200) NOT NULL,
      description text NOT NULL DEFAULT '',
      metadata jsonb NOT NULL DEFAULT '{}',
      visibility varchar(8) NOT NULL DEFAULT 'private',
      owner_id uuid NOT NULL,
      revision int NOT NULL DEFAULT 1,
      version_count int NOT NULL DEFAULT 0,
      last_version_number int NOT NULL DEFAULT 0,
      logical_bytes bigint NOT NULL DEFAULT 0,
      stored_bytes bigint NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      deleted_at timestamptz,
      CONSTRAINT datasets_pkey PRIMARY KEY (id),
      CONSTRAINT datasets_visibility_check CHECK (visibility IN ('private', 'public'))
    );
    CREATE UNIQUE INDEX datasets_slug_key ON datasets (slug) WHERE deleted_at IS NULL;
    CREATE INDEX datasets_owner_index ON datasets (owner_id, id);
    CREATE INDEX datasets_deleted_at_index ON datasets (deleted_at) WHERE deleted_at IS NOT NULL;

    CREATE TABLE dataset_tags (
      dataset_id uuid NOT NULL,
      tag varchar(64) COLLATE "C" NOT NULL,
      CONSTRAINT dataset_tags_pkey PRIMARY KEY (dataset_id, tag),
      CONSTRAINT dataset_tags_dataset_id_fkey FOREIGN KEY (dataset_id)
        REFERENCES datasets (id) ON DELETE CASCADE
    );
    CREATE INDEX dataset_tags_tag_index ON dataset_tags (tag, dataset_id);
  `);
}

async function createVersions(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE dataset_versions (
      id uuid NOT NULL,
      dataset_id uuid NOT NULL,
      version_number int NOT NULL,
      parent_id uuid,
      merged_id uuid,
      message varchar(2000) NOT NULL,
      overlay_file_id int NOT NULL,
      overlay_reference_id bigint NOT NULL,
      own_layer_id bigint NOT NULL,
      file_count int NOT NULL,
      total_bytes bigint NOT NULL,
      types jsonb NOT NULL,
      created_by uuid NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      deleted_at timestamptz,
      released_at timestamptz,
      CONSTRAINT dataset_versions_pkey PRIMARY KEY (id),
      CONSTRAINT dataset_versions_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES datasets (id),
      CONSTRAINT dataset_versions_parent_id_fkey FOREIGN KEY (parent_id)
        REFERENCES dataset_versions (id)
    );
    CREATE UNIQUE INDEX dataset_versions_number_key ON dataset_versions (dataset_id, version_number);
    CREATE INDEX dataset_versions_parent_index ON dataset_versions (parent_id);
    CREATE INDEX dataset_versions_unreleased_index ON dataset_versions (deleted_at)
      WHERE deleted_at IS NOT NULL AND released_at IS NULL;

    CREATE TABLE dataset_refs (
      dataset_id uuid NOT NULL,
      name varchar(100) COLLATE "C" NOT NULL,
      kind varchar(6) NOT NULL,
      version_id uuid NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT dataset_refs_pkey PRIMARY KEY (dataset_id, name),
      CONSTRAINT dataset_refs_kind_check CHECK (kind IN ('branch', 'tag')),
      CONSTRAINT dataset_refs_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES datasets (id),
      CONSTRAINT dataset_refs_version_id_fkey FOREIGN KEY (version_id)
        REFERENCES dataset_versions (id)
    );
    CREATE INDEX dataset_refs_version_index ON dataset_refs (version_id);

    CREATE TABLE components (
      id bigserial NOT NULL,
      dataset_id uuid NOT NULL,
      version_id uuid NOT NULL,
      file_id int NOT NULL,
      reference_id bigint NOT NULL,
      content_hash char(64) NOT NULL,
      size_bytes bigint NOT NULL,
      file_type varchar(64) NOT NULL,
      file_name varchar(255),
      mime_type varchar(255),
      compression_type varchar(64),
      position int,
      metadata jsonb NOT NULL DEFAULT '{}',
      released_at timestamptz,
      CONSTRAINT components_pkey PRIMARY KEY (id),
      CONSTRAINT components_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES datasets (id)
    );
    CREATE INDEX components_version_index ON components (version_id, id);
    CREATE INDEX components_dataset_index ON components (dataset_id, id)
      WHERE released_at IS NULL;

    CREATE TABLE dataset_contents (
      dataset_id uuid NOT NULL,
      file_id int NOT NULL,
      size_bytes bigint NOT NULL,
      uses int NOT NULL,
      CONSTRAINT dataset_contents_pkey PRIMARY KEY (dataset_id, file_id),
      CONSTRAINT dataset_contents_uses_check CHECK (uses > 0),
      CONSTRAINT dataset_contents_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES datasets (id)
    );
  `);
}

async function createLayers(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE layers (
      id bigserial NOT NULL,
      dataset_id uuid NOT NULL,
      entry_count int NOT NULL,
      CONSTRAINT layers_pkey PRIMARY KEY (id),
      CONSTRAINT layers_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES datasets (id)
    );
    CREATE INDEX layers_dataset_index ON layers (dataset_id);

    CREATE TABLE layer_entries (
      layer_id bigint NOT NULL,
      path varchar(1024) COLLATE "C" NOT NULL,
      component_id bigint,
      CONSTRAINT layer_entries_pkey PRIMARY KEY (layer_id, path),
      CONSTRAINT layer_entries_layer_id_fkey FOREIGN KEY (layer_id)
        REFERENCES layers (id) ON DELETE CASCADE
    );

    CREATE TABLE version_layers (
      version_id uuid NOT NULL,
      depth smallint NOT NULL,
      layer_id bigint NOT NULL,
      CONSTRAINT version_layers_pkey PRIMARY KEY (version_id, depth),
      CONSTRAINT version_layers_version_id_fkey FOREIGN KEY (version_id)
        REFERENCES dataset_versions (id) ON DELETE CASCADE,
      CONSTRAINT version_layers_layer_id_fkey FOREIGN KEY (layer_id) REFERENCES layers (id)
    );
    CREATE INDEX version_layers_layer_index ON version_layers (layer_id);
  `);
}

/**
 * Layers are read newest first: the first that has a path decides; an entry without a component says
 * that the path was deleted.
 */
async function createLayerFunctions(queryRunner: QueryRunner): Promise<void> {
  // Of these paths those that are there.
  await queryRunner.query(`
    CREATE FUNCTION layers_lookup(layer_ids bigint[], paths text[])
    RETURNS TABLE (path text, component_id bigint)
    LANGUAGE sql STABLE ROWS 100 AS $$
      SELECT asked.path, hit.component_id
      FROM unnest(paths) AS asked (path)
      CROSS JOIN LATERAL (
        SELECT e.component_id
        FROM unnest(layer_ids) WITH ORDINALITY AS l (id, depth)
        JOIN layer_entries e ON e.layer_id = l.id AND e.path = asked.path COLLATE "C"
        ORDER BY l.depth LIMIT 1) hit
      WHERE hit.component_id IS NOT NULL
    $$
  `);
  // The next page_size paths from one on (itself too) and before an upper bound, in order.
  await queryRunner.query(`
    CREATE FUNCTION layers_page(layer_ids bigint[], from_path text, before_path text, page_size int)
    RETURNS TABLE (path text, component_id bigint)
    LANGUAGE plpgsql STABLE AS $$
    DECLARE
      here text COLLATE "C" := from_path;
      horizon text COLLATE "C";
      missing int := page_size;
      step int := page_size;
      found_rows int;
    BEGIN
      WHILE missing > 0 LOOP
        -- Every layer is read as far as the one that comes least far with its share of rows.
        SELECT min(r.last_path) INTO horizon
        FROM unnest(layer_ids) AS l (id)
        CROSS JOIN LATERAL (
          SELECT max(s.path) AS last_path, count(*) AS n FROM (
            SELECT e.path FROM layer_entries e
            WHERE e.layer_id = l.id AND e.path >= here
              AND (before_path IS NULL OR e.path < before_path COLLATE "C")
            ORDER BY e.path LIMIT step) s) r
        WHERE r.n = step;
        RETURN QUERY
          SELECT m.path::text, m.component_id FROM (
            SELECT DISTINCT ON (e.path) e.path, e.component_id
            FROM unnest(layer_ids) WITH ORDINALITY AS l (id, depth)
            CROSS JOIN LATERAL (
              SELECT x.path, x.component_id FROM layer_entries x
              WHERE x.layer_id = l.id AND x.path >= here
                AND (before_path IS NULL OR x.path < before_path COLLATE "C")
                AND (horizon IS NULL OR x.path <= horizon)
              ORDER BY x.path LIMIT step) e
            ORDER BY e.path, l.depth) m
          WHERE m.component_id IS NOT NULL
          ORDER BY m.path LIMIT missing;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        missing := missing - found_rows;
        EXIT WHEN horizon IS NULL;
        -- No path has a control character, so this is the least that follows.
        here := horizon || chr(1);
        -- A long run of deleted paths is crossed in ever longer steps.
        step := least(step * 2, 100000);
      END LOOP;
    END
    $$
  `);
  // As layers_page for a prefix, but what has the delimiter after it is told once, as a folder.
  await queryRunner.query(`
    CREATE FUNCTION layers_folders(
      layer_ids bigint[], prefix text, delimiter text, from_path text, page_size int)
    RETURNS TABLE (path text, component_id bigint)
    LANGUAGE plpgsql STABLE AS $$
    DECLARE
      here text := from_path;
      -- Sorts after every path that begins like what stands before it.
      beyond constant text := chr(1114111);
      cut int;
    BEGIN
      FOR n IN 1 .. page_size LOOP
        SELECT p.path, p.component_id INTO layers_folders.path, layers_folders.component_id
        FROM layers_page(layer_ids, here, CASE WHEN prefix <> '' THEN prefix || beyond END, 1) p;
        EXIT WHEN layers_folders.path IS NULL;
        cut := strpos(substr(layers_folders.path, length(prefix) + 1), delimiter);
        IF cut > 0 THEN
          layers_folders.path :=
            left(layers_folders.path, length(prefix) + cut + length(delimiter) - 1);
          layers_folders.component_id := NULL;
          here := layers_folders.path || beyond;
        ELSE
          here := layers_folders.path || chr(1);
        END IF;
        RETURN NEXT;
      END LOOP;
    END
    $$
  `);
}
