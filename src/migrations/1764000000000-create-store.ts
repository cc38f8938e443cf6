import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files by content, who refers to them, the write-ahead log of objects; keys; idempotency. */
export class CreateStore1764000000000 implements MigrationInterface {
  name = 'CreateStore1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE principals (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name varchar(100) NOT NULL,
        is_admin boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT principals_pkey PRIMARY KEY (id)
      );
      CREATE UNIQUE INDEX principals_name_key ON principals (name);

      CREATE TABLE api_keys (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        principal_id uuid NOT NULL,
        name varchar(100) NOT NULL,
        key_hash bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT api_keys_pkey PRIMARY KEY (id),
        CONSTRAINT api_keys_principal_id_fkey FOREIGN KEY (principal_id)
          REFERENCES principals (id) ON DELETE CASCADE
      );
      CREATE UNIQUE INDEX api_keys_name_key ON api_keys (name);
      CREATE UNIQUE INDEX api_keys_key_hash_key ON api_keys (key_hash);
    `);
    await queryRunner.query(`
      CREATE TABLE files (
        id serial NOT NULL,
        content_hash char(64) NOT NULL,
        size_bytes bigint NOT NULL,
        block_crcs bytea NOT NULL,
        backend varchar(32) NOT NULL,
        storage_key varchar(200) NOT NULL,
        reference_count bigint NOT NULL,
        zero_since timestamptz,
        health varchar(16) NOT NULL DEFAULT 'ok',
        last_verified_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT files_pkey PRIMARY KEY (id),
        CONSTRAINT files_content_hash_check CHECK (content_hash ~ '^[0-9a-f]{64}$'),
        CONSTRAINT files_size_bytes_check CHECK (size_bytes >= 0),
        CONSTRAINT files_reference_count_check CHECK (reference_count >= 0),
        CONSTRAINT files_zero_since_check CHECK ((reference_count = 0) = (zero_since IS NOT NULL))
      );
      CREATE UNIQUE INDEX files_content_hash_key ON files (content_hash);
      CREATE UNIQUE INDEX files_storage_key_key ON files (storage_key);
      CREATE INDEX files_zero_since_index ON files (zero_since) WHERE reference_count = 0;

      CREATE TABLE file_references (
        id bigserial NOT NULL,
        file_id int NOT NULL,
        owner_type varchar(32) NOT NULL,
        owner_id varchar(64) NOT NULL,
        attempt_id uuid,
        file_type varchar(64) NOT NULL,
        file_name varchar(255),
        mime_type varchar(255),
        compression_type varchar(64),
        metadata jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        CONSTRAINT file_references_pkey PRIMARY KEY (id),
        CONSTRAINT file_references_file_id_fkey FOREIGN KEY (file_id)
          REFERENCES files (id) ON DELETE RESTRICT
      );
      CREATE INDEX file_references_file_index ON file_references (file_id, id);
      CREATE INDEX file_references_owner_index
        ON file_references (owner_type, owner_id, file_id, id);
      CREATE INDEX file_references_expires_at_index ON file_references (expires_at)
        WHERE expires_at IS NOT NULL;
      CREATE UNIQUE INDEX file_references_attempt_id_key ON file_references (attempt_id);

      CREATE TABLE storage_intents (
        id uuid NOT NULL,
        kind varchar(8) NOT NULL,
        backend varchar(32) NOT NULL,
        storage_key varchar(200) NOT NULL,
        lease_until timestamptz,
        not_before timestamptz NOT NULL DEFAULT now(),
        passes int NOT NULL DEFAULT 1,
        attempts int NOT NULL DEFAULT 0,
        last_error text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT storage_intents_pkey PRIMARY KEY (id),
        CONSTRAINT storage_intents_kind_check CHECK (kind IN ('write', 'delete'))
      );
      CREATE INDEX storage_intents_write_index ON storage_intents (lease_until)
        WHERE kind = 'write';
      CREATE INDEX storage_intents_delete_index ON storage_intents (not_before)
        WHERE kind = 'delete';
    `);
    await queryRunner.query(`
      CREATE TABLE idempotency_records (
        principal_id uuid NOT NULL,
        route varchar(100) NOT NULL,
        key varchar(255) NOT NULL,
        claim_id uuid NOT NULL,
        claimed_until timestamptz NOT NULL,
        request_digest char(64),
        status smallint,
        body jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        CONSTRAINT idempotency_records_pkey PRIMARY KEY (principal_id, route, key)
      );
      CREATE INDEX idempotency_records_expires_at_index ON idempotency_records (expires_at);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE idempotency_records;
      DROP TABLE storage_intents;
      DROP TABLE file_references;
      DROP TABLE files;
      DROP TABLE api_keys;
      DROP TABLE principals;
    `);
  }
}
