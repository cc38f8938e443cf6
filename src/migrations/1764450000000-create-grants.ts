import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who has which role on which dataset: what was granted, and what follows from it. */
export class CreateGrants1764450000000 implements MigrationInterface {
  name = 'CreateGrants1764450000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE dataset_grants (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        dataset_id uuid NOT NULL,
        user_id uuid,
        group_id uuid,
        role varchar(8) NOT NULL,
        granted_by uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT dataset_grants_pkey PRIMARY KEY (id),
        CONSTRAINT dataset_grants_role_check CHECK (role IN ('reader', 'writer', 'admin')),
        CONSTRAINT dataset_grants_grantee_check CHECK (num_nonnulls(user_id, group_id) = 1),
        CONSTRAINT dataset_grants_dataset_id_fkey FOREIGN KEY (dataset_id)
          REFERENCES datasets (id) ON DELETE CASCADE,
        CONSTRAINT dataset_grants_user_id_fkey FOREIGN KEY (user_id)
          REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT dataset_grants_group_id_fkey FOREIGN KEY (group_id)
          REFERENCES groups (id) ON DELETE CASCADE
      );
      CREATE UNIQUE INDEX dataset_grants_user_key ON dataset_grants (dataset_id, user_id);
      CREATE UNIQUE INDEX dataset_grants_group_key ON dataset_grants (dataset_id, group_id);
      CREATE INDEX dataset_grants_user_index ON dataset_grants (user_id);
      CREATE INDEX dataset_grants_group_index ON dataset_grants (group_id);

      CREATE TABLE dataset_access (
        dataset_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        role smallint NOT NULL,
        CONSTRAINT dataset_access_pkey PRIMARY KEY (dataset_id, subject_id),
        CONSTRAINT dataset_access_dataset_id_fkey FOREIGN KEY (dataset_id)
          REFERENCES datasets (id) ON DELETE CASCADE
      );
      CREATE INDEX dataset_access_subject_index ON dataset_access (subject_id, dataset_id);
    `);
    await deriveAccess(queryRunner);
    await copyReaders(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TRIGGER dataset_grants_access ON dataset_grants;
      DROP TRIGGER datasets_changed_access ON datasets;
      DROP TRIGGER datasets_created_access ON datasets;
      DROP FUNCTION derive_access_of_granted();
      DROP FUNCTION derive_access_of_changed();
      DROP FUNCTION derive_access_of_created();
      DROP FUNCTION derive_dataset_access(uuid);
      DROP INDEX dataset_search_readers_index;
      ALTER TABLE dataset_search DROP COLUMN readers;
      CREATE INDEX dataset_search_public_index ON dataset_search (visibility)
        WHERE visibility = 'public';
      DROP TABLE dataset_access;
      DROP TABLE dataset_grants;
    `);
  }
}

/**
 * By triggers, so that no way of changing a dataset or a grant can forget it: the owner is an admin,
 * what is public is read by everyone, a deleted dataset is nobody's.
 */
async function deriveAccess(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE FUNCTION derive_dataset_access(changed uuid) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      -- One at a time for each dataset, or the later of two would miss what the earlier has seen.
      PERFORM 1 FROM datasets WHERE id = changed FOR NO KEY UPDATE;
      DELETE FROM dataset_access WHERE dataset_id = changed;
      INSERT INTO dataset_access (dataset_id, subject_id, role)
        SELECT changed, s.subject_id, max(s.role) FROM (
          SELECT owner_id AS subject_id, 3 AS role FROM datasets WHERE id = changed
          UNION ALL
          SELECT '00000000-0000-0000-0000-000000000000', 1 FROM datasets
          WHERE id = changed AND visibility = 'public'
          UNION ALL
          SELECT coalesce(user_id, group_id), array_position('{reader,writer,admin}', role::text)
          FROM dataset_grants WHERE dataset_id = changed) s
        WHERE EXISTS (SELECT FROM datasets WHERE id = changed AND deleted_at IS NULL)
        GROUP BY s.subject_id;
      UPDATE dataset_search SET readers = ARRAY(
        SELECT subject_id FROM dataset_access WHERE dataset_id = changed)
      WHERE id = changed;
    END
    $$;

    CREATE FUNCTION derive_access_of_created() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO dataset_access (dataset_id, subject_id, role)
        SELECT id, owner_id, 3 FROM created WHERE deleted_at IS NULL
        UNION ALL
        SELECT id, '00000000-0000-0000-0000-000000000000', 1 FROM created
        WHERE visibility = 'public' AND deleted_at IS NULL;
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER datasets_created_access
      AFTER INSERT ON datasets REFERENCING NEW TABLE AS created
      FOR EACH STATEMENT EXECUTE FUNCTION derive_access_of_created();

    CREATE FUNCTION derive_access_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM derive_dataset_access(NEW.id);
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER datasets_changed_access
      AFTER UPDATE ON datasets
      FOR EACH ROW WHEN ((OLD.owner_id, OLD.visibility, OLD.deleted_at)
        IS DISTINCT FROM (NEW.owner_id, NEW.visibility, NEW.deleted_at))
      EXECUTE FUNCTION derive_access_of_changed();

    CREATE FUNCTION derive_access_of_granted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM derive_dataset_access(coalesce(NEW.dataset_id, OLD.dataset_id));
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER dataset_grants_access
      AFTER INSERT OR UPDATE OR DELETE ON dataset_grants
      FOR EACH ROW EXECUTE FUNCTION derive_access_of_granted();

    INSERT INTO dataset_access (dataset_id, subject_id, role)
      SELECT id, owner_id, 3 FROM datasets WHERE deleted_at IS NULL
      UNION ALL
      SELECT id, '00000000-0000-0000-0000-000000000000', 1 FROM datasets
      WHERE visibility = 'public' AND deleted_at IS NULL;
  `);
}

/** Ten thousand matches of a search need no look at who may read each. */
async function copyReaders(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    ALTER TABLE dataset_search ADD COLUMN readers uuid[] NOT NULL DEFAULT '{}';
    UPDATE dataset_search s SET readers = ARRAY(
      SELECT a.subject_id FROM dataset_access a WHERE a.dataset_id = s.id);
    CREATE INDEX dataset_search_readers_index ON dataset_search
      USING gin (readers) WITH (fastupdate = off);
    DROP INDEX dataset_search_public_index;
  `);
}
