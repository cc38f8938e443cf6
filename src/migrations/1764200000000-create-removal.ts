import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the deletion of versions needs, and the removal of layers that were merged. */
export class CreateRemoval1764200000000 implements MigrationInterface {
  name = 'CreateRemoval1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE datasets ADD COLUMN deleted_versions int NOT NULL DEFAULT 0;
      ALTER TABLE layers ADD COLUMN retired_at timestamptz;
      CREATE INDEX layers_retired_at_index ON layers (retired_at) WHERE retired_at IS NOT NULL;
      CREATE INDEX dataset_versions_own_layer_index ON dataset_versions (own_layer_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX dataset_versions_own_layer_index;
      DROP INDEX layers_retired_at_index;
      ALTER TABLE layers DROP COLUMN retired_at;
      ALTER TABLE datasets DROP COLUMN deleted_versions;
    `);
  }
}
