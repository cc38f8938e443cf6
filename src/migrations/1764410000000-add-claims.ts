import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tokens of an identity provider have said of users and memberships. */
export class AddClaims1764410000000 implements MigrationInterface {
  name = 'AddClaims1764410000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE users ADD COLUMN claimed_at timestamptz;
      ALTER TABLE group_members ADD COLUMN is_claimed boolean NOT NULL DEFAULT false;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE group_members DROP COLUMN is_claimed;
      ALTER TABLE users DROP COLUMN claimed_at;
    `);
  }
}
