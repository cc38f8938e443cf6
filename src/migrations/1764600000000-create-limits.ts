import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts of requests; a quota for single datasets, as CreateUsers has made one for users; what is known of usage. */
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
      CREATE UNLOGGED TABLE quota_usages (
        owner_type varchar(8) NOT NULL,
        owner_id uuid NOT NULL,
        at_most bigint,
        CONSTRAINT quota_usages_pkey PRIMARY KEY (owner_type, owner_id)
      );
    `);
    // What was added while there was no quota was not counted.
    await queryRunner.query(`
      CREATE FUNCTION forget_quota_usage() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        DELETE FROM quota_usages WHERE owner_type = TG_ARGV[0] AND owner_id = OLD.id;
        RETURN NULL;
      END $$;
      CREATE TRIGGER users_forget_quota_usage AFTER UPDATE OF quota_bytes OR DELETE ON users
        FOR EACH ROW EXECUTE FUNCTION forget_quota_usage('user');
      CREATE TRIGGER datasets_forget_quota_usage AFTER UPDATE OF quota_bytes OR DELETE ON datasets
        FOR EACH ROW EXECUTE FUNCTION forget_quota_usage('dataset');
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TRIGGER datasets_forget_quota_usage ON datasets;
      DROP TRIGGER users_forget_quota_usage ON users;
      DROP FUNCTION forget_quota_usage();
      DROP TABLE quota_usages;
      ALTER TABLE datasets DROP COLUMN quota_bytes;
      DROP TABLE rate_limits;
    `);
  }
}
