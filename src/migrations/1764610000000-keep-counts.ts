import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was counted for a quota is kept, with when it was, so that not every refusal counts. */
export class KeepCounts1764610000000 implements MigrationInterface {
  name = 'KeepCounts1764610000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Made anew: what is not known is counted.
    await queryRunner.query(`
      DROP TABLE quota_usages;
      CREATE UNLOGGED TABLE quota_usages (
        owner_type varchar(8) NOT NULL,
        owner_id uuid NOT NULL,
        epoch uuid NOT NULL DEFAULT gen_random_uuid(),
        added bigint NOT NULL DEFAULT 0,
        given_up int NOT NULL DEFAULT 0,
        used_bytes bigint,
        files int,
        added_before bigint,
        given_up_before int,
        counted_at timestamptz,
        CONSTRAINT quota_usages_pkey PRIMARY KEY (owner_type, owner_id)
      );
    `);
    // A quota is set between transactions that add to what the user keeps: each holds the user from before
    // it has read that there is no quota (and so counts nothing) until its end. Without this, what it adds
    // would be in no count made meanwhile. Of a dataset, both hold the row itself.
    await queryRunner.query(`
      CREATE FUNCTION await_additions() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM FROM users WHERE id = OLD.id FOR UPDATE;
        RETURN NEW;
      END $$;
      CREATE TRIGGER users_await_additions BEFORE UPDATE OF quota_bytes ON users
        FOR EACH ROW WHEN (OLD.quota_bytes IS DISTINCT FROM NEW.quota_bytes)
        EXECUTE FUNCTION await_additions();
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TRIGGER users_await_additions ON users;
      DROP FUNCTION await_additions();
      DROP TABLE quota_usages;
      CREATE UNLOGGED TABLE quota_usages (
        owner_type varchar(8) NOT NULL,
        owner_id uuid NOT NULL,
        at_most bigint,
        CONSTRAINT quota_usages_pkey PRIMARY KEY (owner_type, owner_id)
      );
    `);
  }
}
