import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Principals become users, in groups, with any number of keys that may be limited. */
export class CreateUsers1764400000000 implements MigrationInterface {
  name = 'CreateUsers1764400000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE principals RENAME TO users;
      ALTER TABLE users RENAME CONSTRAINT principals_pkey TO users_pkey;
      ALTER INDEX principals_name_key RENAME TO users_name_key;
      ALTER TABLE users
        ADD COLUMN display_name varchar(200) NOT NULL DEFAULT '',
        ADD COLUMN disabled_at timestamptz,
        ADD COLUMN quota_bytes bigint,
        ADD COLUMN issuer varchar(500),
        ADD COLUMN subject varchar(255);
      CREATE UNIQUE INDEX users_identity_key ON users (issuer, subject);

      CREATE TABLE groups (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name varchar(100) NOT NULL,
        description varchar(2000) NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT groups_pkey PRIMARY KEY (id)
      );
      CREATE UNIQUE INDEX groups_name_key ON groups (name);

      CREATE TABLE group_members (
        group_id uuid NOT NULL,
        user_id uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT group_members_pkey PRIMARY KEY (group_id, user_id),
        CONSTRAINT group_members_group_id_fkey FOREIGN KEY (group_id)
          REFERENCES groups (id) ON DELETE CASCADE,
        CONSTRAINT group_members_user_id_fkey FOREIGN KEY (user_id)
          REFERENCES users (id) ON DELETE CASCADE
      );
      CREATE INDEX group_members_user_index ON group_members (user_id);

      ALTER TABLE api_keys RENAME COLUMN principal_id TO user_id;
      ALTER TABLE api_keys
        RENAME CONSTRAINT api_keys_principal_id_fkey TO api_keys_user_id_fkey;
      DROP INDEX api_keys_name_key;
      ALTER TABLE api_keys
        ADD COLUMN hint varchar(20),
        ADD COLUMN is_bootstrap boolean NOT NULL DEFAULT false,
        ADD COLUMN scopes varchar(64)[],
        ADD COLUMN expires_at timestamptz,
        ADD COLUMN revoked_at timestamptz,
        ADD COLUMN last_used_at timestamptz;
      UPDATE api_keys SET is_bootstrap = true WHERE name = 'admin';
      CREATE UNIQUE INDEX api_keys_bootstrap_key ON api_keys (is_bootstrap) WHERE is_bootstrap;
      CREATE INDEX api_keys_user_index ON api_keys (user_id, id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DELETE FROM api_keys WHERE NOT is_bootstrap;
      DROP INDEX api_keys_user_index;
      DROP INDEX api_keys_bootstrap_key;
      ALTER TABLE api_keys
        DROP COLUMN hint,
        DROP COLUMN is_bootstrap,
        DROP COLUMN scopes,
        DROP COLUMN expires_at,
        DROP COLUMN revoked_at,
        DROP COLUMN last_used_at;
      CREATE UNIQUE INDEX api_keys_name_key ON api_keys (name);
      ALTER TABLE api_keys
        RENAME CONSTRAINT api_keys_user_id_fkey TO api_keys_principal_id_fkey;
      ALTER TABLE api_keys RENAME COLUMN user_id TO principal_id;

      DROP TABLE group_members;
      DROP TABLE groups;

      DROP INDEX users_identity_key;
      ALTER TABLE users
        DROP COLUMN display_name,
        DROP COLUMN disabled_at,
        DROP COLUMN quota_bytes,
        DROP COLUMN issuer,
        DROP COLUMN subject;
      ALTER INDEX users_name_key RENAME TO principals_name_key;
      ALTER TABLE users RENAME CONSTRAINT users_pkey TO principals_pkey;
      ALTER TABLE users RENAME TO principals;
    `);
  }
}
