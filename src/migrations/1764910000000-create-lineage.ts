import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What jobs have made of what, beyond the jobs themselves, and which versions were published of them. */
export class CreateLineage1764910000000 implements MigrationInterface {
  name = 'CreateLineage1764910000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE lineage_runs (
        id uuid NOT NULL,
        kind varchar(64) NOT NULL,
        parameters jsonb NOT NULL,
        seed bigint NOT NULL,
        engine_version varchar(64),
        created_by uuid NOT NULL,
        started_at timestamptz,
        finished_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT lineage_runs_pkey PRIMARY KEY (id)
      );
      CREATE TABLE lineage_inputs (
        run_id uuid NOT NULL,
        place integer NOT NULL,
        content_hash char(64),
        version_id uuid NOT NULL,
        path varchar(1024),
        CONSTRAINT lineage_inputs_pkey PRIMARY KEY (run_id, place),
        CONSTRAINT lineage_inputs_run_id_fkey FOREIGN KEY (run_id)
          REFERENCES lineage_runs (id) ON DELETE CASCADE
      );
      CREATE INDEX lineage_inputs_content_index ON lineage_inputs (content_hash)
        WHERE content_hash IS NOT NULL;
      CREATE INDEX lineage_inputs_version_index ON lineage_inputs (version_id);
      CREATE TABLE lineage_outputs (
        run_id uuid NOT NULL,
        place integer NOT NULL,
        name text NOT NULL,
        content_hash char(64) NOT NULL,
        CONSTRAINT lineage_outputs_pkey PRIMARY KEY (run_id, place),
        CONSTRAINT lineage_outputs_run_id_fkey FOREIGN KEY (run_id)
          REFERENCES lineage_runs (id) ON DELETE CASCADE
      );
      CREATE INDEX lineage_outputs_content_index ON lineage_outputs (content_hash);

      ALTER TABLE dataset_versions ADD COLUMN job_id uuid, ADD COLUMN source_version_id uuid;
      CREATE INDEX dataset_versions_job_index ON dataset_versions (job_id) WHERE job_id IS NOT NULL;
      CREATE INDEX dataset_versions_merged_index ON dataset_versions (merged_id)
        WHERE merged_id IS NOT NULL;
      CREATE INDEX components_file_index ON components (file_id, id) WHERE released_at IS NULL;

      -- What has succeeded so far.
      INSERT INTO lineage_runs
      SELECT id, kind, parameters, seed, engine_version, created_by, started_at, finished_at FROM jobs
      WHERE status = 'succeeded' AND jsonb_array_length(outputs) > 0;
      INSERT INTO lineage_inputs
      SELECT j.id, 1, j.source -> 'file' ->> 'contentHash', (j.source ->> 'versionId')::uuid,
        j.source ->> 'path'
      FROM jobs j JOIN lineage_runs r ON r.id = j.id WHERE j.source IS NOT NULL;
      INSERT INTO lineage_outputs
      SELECT j.id, o.place, o.output ->> 'name', f.content_hash
      FROM jobs j JOIN lineage_runs r ON r.id = j.id
      CROSS JOIN jsonb_array_elements(j.outputs) WITH ORDINALITY AS o (output, place)
      JOIN files f ON f.id = (o.output ->> 'fileId')::int;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX components_file_index;
      DROP INDEX dataset_versions_merged_index;
      ALTER TABLE dataset_versions DROP COLUMN job_id, DROP COLUMN source_version_id;
      DROP TABLE lineage_outputs, lineage_inputs, lineage_runs;
    `);
  }
}
