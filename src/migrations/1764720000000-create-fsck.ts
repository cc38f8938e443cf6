import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs of the check; whose turn it is to have their bytes read again. */
export class CreateFsck1764720000000 implements MigrationInterface {
  name = 'CreateFsck1764720000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE fsck_runs (
        id uuid NOT NULL,
        status varchar(12) NOT NULL,
        read_data double precision NOT NULL,
        repair boolean NOT NULL,
        seed bigint NOT NULL,
        started_by uuid NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        heartbeat_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        progress jsonb NOT NULL DEFAULT '{}',
        findings jsonb NOT NULL DEFAULT '[]',
        error text,
        CONSTRAINT fsck_runs_pkey PRIMARY KEY (id),
        CONSTRAINT fsck_runs_status_check CHECK (
          status IN ('running', 'succeeded', 'failed', 'cancelled', 'interrupted'))
      );
      CREATE UNIQUE INDEX fsck_runs_running_key ON fsck_runs (status) WHERE status = 'running';

      ALTER TABLE files ADD COLUMN scrub_until timestamptz;
      CREATE INDEX files_unchecked_index ON files (scrub_until) WHERE health = 'unchecked';
      CREATE INDEX files_verified_index ON files ((coalesce(last_verified_at, created_at)))
        WHERE health = 'ok';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX files_verified_index;
      DROP INDEX files_unchecked_index;
      ALTER TABLE files DROP COLUMN scrub_until;
      DROP TABLE fsck_runs;
    `);
  }
}
