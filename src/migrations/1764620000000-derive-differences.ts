import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A grant writes the access of its own subject, and no change writes what stays as it is. */
export class DeriveDifferences1764620000000 implements MigrationInterface {
  name = 'DeriveDifferences1764620000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Of one subject, or of all for NULL. The rule is that of CreateGrants: the owner is an admin, what is
      -- public is read by everyone, a deleted dataset is nobody's.
      CREATE FUNCTION derive_dataset_access(changed uuid, subject uuid) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        -- One at a time for each dataset, or the later of two would miss what the earlier has seen.
        PERFORM 1 FROM datasets WHERE id = changed FOR NO KEY UPDATE;
        MERGE INTO dataset_access a USING (
          SELECT coalesce(wanted.subject_id, had.subject_id) AS subject_id, wanted.role
          FROM (
            SELECT s.subject_id, max(s.role) AS role FROM (
              SELECT owner_id AS subject_id, 3 AS role FROM datasets WHERE id = changed
              UNION ALL
              SELECT '00000000-0000-0000-0000-000000000000', 1 FROM datasets
              WHERE id = changed AND visibility = 'public'
              UNION ALL
              SELECT user_id, array_position('{reader,writer,admin}', role::text)
              FROM dataset_grants WHERE dataset_id = changed AND user_id IS NOT NULL
                AND (subject IS NULL OR user_id = subject)
              UNION ALL
              SELECT group_id, array_position('{reader,writer,admin}', role::text)
              FROM dataset_grants WHERE dataset_id = changed AND group_id IS NOT NULL
                AND (subject IS NULL OR group_id = subject)) s
            WHERE EXISTS (SELECT FROM datasets WHERE id = changed AND deleted_at IS NULL)
              AND (subject IS NULL OR s.subject_id = subject)
            GROUP BY s.subject_id) wanted
          FULL JOIN (
            SELECT subject_id FROM dataset_access
            WHERE dataset_id = changed AND (subject IS NULL OR subject_id = subject)) had
          ON had.subject_id = wanted.subject_id) derived
        ON a.dataset_id = changed AND a.subject_id = derived.subject_id
        WHEN MATCHED AND derived.role IS NULL THEN DELETE
        WHEN MATCHED AND a.role <> derived.role THEN UPDATE SET role = derived.role
        WHEN NOT MATCHED THEN INSERT (dataset_id, subject_id, role)
          VALUES (changed, derived.subject_id, derived.role);
        -- Who may read it: a role that only rises or falls changes nothing of that.
        IF subject IS NULL THEN
          UPDATE dataset_search s SET readers = now_read.ids FROM (
            SELECT ARRAY(SELECT subject_id FROM dataset_access
                         WHERE dataset_id = changed ORDER BY subject_id) AS ids) now_read
          WHERE s.id = changed AND s.readers IS DISTINCT FROM now_read.ids;
        ELSIF EXISTS (SELECT FROM dataset_access WHERE dataset_id = changed AND subject_id = subject) THEN
          UPDATE dataset_search SET readers = readers || subject
          WHERE id = changed AND NOT readers @> ARRAY[subject];
        ELSE
          UPDATE dataset_search SET readers = array_remove(readers, subject)
          WHERE id = changed AND readers @> ARRAY[subject];
        END IF;
      END
      $$;

      CREATE OR REPLACE FUNCTION derive_access_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM derive_dataset_access(NEW.id, NULL);
        RETURN NULL;
      END
      $$;

      CREATE OR REPLACE FUNCTION derive_access_of_granted() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP <> 'INSERT' THEN
          PERFORM derive_dataset_access(OLD.dataset_id, coalesce(OLD.user_id, OLD.group_id));
        END IF;
        IF TG_OP <> 'DELETE' THEN
          PERFORM derive_dataset_access(NEW.dataset_id, coalesce(NEW.user_id, NEW.group_id));
        END IF;
        RETURN NULL;
      END
      $$;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE OR REPLACE FUNCTION derive_access_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM derive_dataset_access(NEW.id);
        RETURN NULL;
      END
      $$;
      CREATE OR REPLACE FUNCTION derive_access_of_granted() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM derive_dataset_access(coalesce(NEW.dataset_id, OLD.dataset_id));
        RETURN NULL;
      END
      $$;
      DROP FUNCTION derive_dataset_access(uuid, uuid);
    `);
  }
}
