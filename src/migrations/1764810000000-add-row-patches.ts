import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Changes of rows that lie over the file of a component, each an artifact with a reference of its own. */
export class AddRowPatches1764810000000 implements MigrationInterface {
  name = 'AddRowPatches1764810000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE components
        ADD COLUMN patches jsonb,
        ADD COLUMN patch_reference_ids bigint[] NOT NULL DEFAULT '{}';
      CREATE INDEX components_patched_index ON components (dataset_id) WHERE patches IS NOT NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE components DROP COLUMN patches, DROP COLUMN patch_reference_ids;
    `);
  }
}
