import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the collector has removed, and how far it has got: its brakes (docs/decisions/0021). */
export class CreateGcRuns1764710000000 implements MigrationInterface {
  name = 'CreateGcRuns1764710000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE storage_intents ADD COLUMN size_bytes bigint;
      CREATE TABLE gc_runs (
        id uuid NOT NULL,
        asked_by varchar(16) NOT NULL,
        forced boolean NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        reaped int NOT NULL DEFAULT 0,
        expired int NOT NULL DEFAULT 0,
        doomed_objects int NOT NULL DEFAULT 0,
        doomed_bytes bigint NOT NULL DEFAULT 0,
        deleted_objects int NOT NULL DEFAULT 0,
        deleted_bytes bigint NOT NULL DEFAULT 0,
        failed int NOT NULL DEFAULT 0,
        held_back varchar(32),
        CONSTRAINT gc_runs_pkey PRIMARY KEY (id)
      );
      CREATE INDEX gc_runs_started_at_index ON gc_runs (started_at);
      CREATE TABLE gc_state (
        id int NOT NULL,
        mark bigint NOT NULL,
        token varchar(32) NOT NULL,
        marked_at timestamptz NOT NULL,
        references_seen bigint NOT NULL,
        system_identifier varchar(32) NOT NULL,
        timeline int NOT NULL,
        CONSTRAINT gc_state_pkey PRIMARY KEY (id),
        CONSTRAINT gc_state_id_check CHECK (id = 1)
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE gc_state;
      DROP TABLE gc_runs;
      ALTER TABLE storage_intents DROP COLUMN size_bytes;
    `);
  }
}
