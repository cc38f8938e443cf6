import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What search looks at: words per dataset, the vocabulary, and which datasets have changed since. */
export class CreateSearch1764300000000 implements MigrationInterface {
  name = 'CreateSearch1764300000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTables(queryRunner);
    await markChanges(queryRunner);
    await copyAccess(queryRunner);
    // Words are cut in Node, so the service itself indexes what is there already. Marked so long
    // ago that no search waits for it.
    await queryRunner.query(`
      INSERT INTO dataset_search_queue (dataset_id, marked_at) SELECT id, 'epoch' FROM datasets
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TRIGGER dataset_refs_deleted_search ON dataset_refs;
      DROP TRIGGER dataset_refs_search ON dataset_refs;
      DROP TRIGGER dataset_tags_search ON dataset_tags;
      DROP TRIGGER datasets_search ON datasets;
      DROP TRIGGER datasets_access_search ON datasets;
      DROP FUNCTION copy_access_for_search();
      DROP FUNCTION mark_dataset_part_for_search();
      DROP FUNCTION mark_dataset_for_search();
      DROP TABLE dataset_search_queue;
      DROP TABLE search_words;
      DROP TABLE dataset_search;
      DROP EXTENSION pg_trgm;
    `);
  }
}

/** GIN without a pending list: a search must not read through what was written last. */
async function createTables(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE EXTENSION IF NOT EXISTS pg_trgm;

    CREATE TABLE dataset_search (
      id uuid NOT NULL,
      owner_id uuid NOT NULL,
      visibility varchar(8) NOT NULL,
      deleted_at timestamptz,
      document tsvector NOT NULL,
      tags text[] NOT NULL,
      file_types text[] NOT NULL,
      paths text[] NOT NULL,
      CONSTRAINT dataset_search_pkey PRIMARY KEY (id),
      CONSTRAINT dataset_search_id_fkey FOREIGN KEY (id)
        REFERENCES datasets (id) ON DELETE CASCADE
    );
    CREATE INDEX dataset_search_owner_index ON dataset_search (owner_id);
    CREATE INDEX dataset_search_public_index ON dataset_search (visibility)
      WHERE visibility = 'public';
    CREATE INDEX dataset_search_document_index ON dataset_search
      USING gin (document) WITH (fastupdate = off);
    CREATE INDEX dataset_search_tags_index ON dataset_search
      USING gin (tags) WITH (fastupdate = off);
    CREATE INDEX dataset_search_file_types_index ON dataset_search
      USING gin (file_types) WITH (fastupdate = off);

    CREATE TABLE search_words (
      word varchar(64) COLLATE "C" NOT NULL,
      CONSTRAINT search_words_pkey PRIMARY KEY (word)
    );
    CREATE INDEX search_words_trigram_index ON search_words
      USING gin (word gin_trgm_ops) WITH (fastupdate = off);

    CREATE TABLE dataset_search_queue (
      id bigserial NOT NULL,
      dataset_id uuid NOT NULL,
      marked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      failures smallint NOT NULL DEFAULT 0,
      CONSTRAINT dataset_search_queue_pkey PRIMARY KEY (id)
    );
  `);
}

/**
 * Triggers, so that whoever changes a dataset marks it, in the same transaction. A mark is a row of
 * its own: two writers never wait for each other, and a mark set while an earlier one is worked off
 * is not lost with it.
 */
async function markChanges(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE FUNCTION mark_dataset_for_search() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO dataset_search_queue (dataset_id) VALUES (NEW.id);
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER datasets_search
      AFTER INSERT OR UPDATE OF name, description, metadata, owner_id, visibility, deleted_at
      ON datasets
      FOR EACH ROW EXECUTE FUNCTION mark_dataset_for_search();

    CREATE FUNCTION mark_dataset_part_for_search() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO dataset_search_queue (dataset_id)
      VALUES (coalesce(NEW.dataset_id, OLD.dataset_id));
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER dataset_tags_search
      AFTER INSERT OR UPDATE OR DELETE ON dataset_tags
      FOR EACH ROW EXECUTE FUNCTION mark_dataset_part_for_search();
    CREATE TRIGGER dataset_refs_search
      AFTER INSERT OR UPDATE ON dataset_refs
      FOR EACH ROW WHEN (NEW.name = 'main') EXECUTE FUNCTION mark_dataset_part_for_search();
    CREATE TRIGGER dataset_refs_deleted_search
      AFTER DELETE ON dataset_refs
      FOR EACH ROW WHEN (OLD.name = 'main') EXECUTE FUNCTION mark_dataset_part_for_search();
  `);
}

/** At once, and not with the next indexing: what is hidden must not be counted a moment longer. */
async function copyAccess(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE FUNCTION copy_access_for_search() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE dataset_search SET owner_id = NEW.owner_id, visibility = NEW.visibility,
        deleted_at = NEW.deleted_at
      WHERE id = NEW.id;
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER datasets_access_search
      AFTER UPDATE ON datasets
      FOR EACH ROW WHEN ((OLD.owner_id, OLD.visibility, OLD.deleted_at)
        IS DISTINCT FROM (NEW.owner_id, NEW.visibility, NEW.deleted_at))
      EXECUTE FUNCTION copy_access_for_search();
  `);
}
