import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts of requests, and a quota for single datasets. That of users is there since CreateUsers. */
export class CreateLimits1764600000000 implements MigrationInterface {
  name = 'CreateLimits1764600000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE UNLOGGED TABLE rate_limits (
        subject varchar(80) NOT NULL,
        window_start timestamptz NOT NULL,
        taken int NOT NULL,
        granted int NOT NULL,
        CONSTRAINT rate_limits_pkey PRIMARY KEY (subject)
      );
      ALTER TABLE datasets ADD COLUMN quota_bytes bigint;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE datasets DROP COLUMN quota_bytes;
      DROP TABLE rate_limits;
    `);
  }
}
