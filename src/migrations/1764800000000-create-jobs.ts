import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs. The queue that wakes their workers has a schema of its own, which its library makes. */
export class CreateJobs1764800000000 implements MigrationInterface {
  name = 'CreateJobs1764800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE jobs (
        id uuid NOT NULL,
        kind varchar(64) NOT NULL,
        is_internal boolean NOT NULL,
        status varchar(12) NOT NULL,
        source jsonb,
        dataset_id uuid,
        parameters jsonb NOT NULL,
        input_digests text[] NOT NULL,
        seed bigint NOT NULL,
        engine_version varchar(64),
        progress double precision NOT NULL DEFAULT 0,
        message text,
        outputs jsonb NOT NULL DEFAULT '[]',
        error jsonb,
        priority smallint NOT NULL DEFAULT 0,
        deadline timestamptz NOT NULL,
        created_by uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        started_at timestamptz,
        finished_at timestamptz,
        attempts smallint NOT NULL DEFAULT 0,
        run_id uuid,
        revision integer NOT NULL DEFAULT 0,
        CONSTRAINT jobs_pkey PRIMARY KEY (id),
        CONSTRAINT jobs_status_check CHECK (
          status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
        CONSTRAINT jobs_run_check CHECK ((status = 'running') = (run_id IS NOT NULL)),
        CONSTRAINT jobs_end_check CHECK (
          (status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
      );
      CREATE INDEX jobs_created_by_index ON jobs (created_by, id);
      CREATE INDEX jobs_dataset_index ON jobs (dataset_id, id) WHERE dataset_id IS NOT NULL;
      CREATE INDEX jobs_open_index ON jobs (deadline) WHERE finished_at IS NULL;
      CREATE INDEX jobs_finished_index ON jobs (finished_at) WHERE finished_at IS NOT NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE jobs');
  }
}
