import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was computed from contents, kept as artifacts. */
export class CreateDerivedResults1764730000000 implements MigrationInterface {
  name = 'CreateDerivedResults1764730000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE derived_results (
        id uuid NOT NULL,
        key char(64) NOT NULL,
        kind varchar(32) NOT NULL,
        source_hashes char(64)[] NOT NULL,
        file_id integer NOT NULL,
        size_bytes bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        used_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT derived_results_pkey PRIMARY KEY (id)
      );
      CREATE UNIQUE INDEX derived_results_key_key ON derived_results (key);
      CREATE INDEX derived_results_used_at_index ON derived_results (used_at, id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE derived_results');
  }
}
