import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Resumable uploads; the intent of the same id names the bytes and tells how long they are kept. */
export class CreateUploads1764700000000 implements MigrationInterface {
  name = 'CreateUploads1764700000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE uploads (
        id uuid NOT NULL,
        owner_id uuid NOT NULL,
        kind varchar(8) NOT NULL,
        upload_length bigint,
        upload_offset bigint NOT NULL DEFAULT 0,
        backend_state jsonb,
        metadata text,
        concat text,
        parts uuid[],
        file_id int,
        lock_token uuid,
        lock_until timestamptz,
        release_asked boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        CONSTRAINT uploads_pkey PRIMARY KEY (id),
        CONSTRAINT uploads_kind_check CHECK (kind IN ('file', 'partial', 'final')),
        CONSTRAINT uploads_parts_check CHECK ((kind = 'final') = (parts IS NOT NULL)),
        CONSTRAINT uploads_offset_check CHECK (upload_offset BETWEEN 0 AND upload_length OR upload_length IS NULL),
        CONSTRAINT uploads_whole_check CHECK (kind = 'partial' OR file_id IS NOT NULL OR upload_length IS NULL
          OR upload_offset < upload_length OR upload_length = 0)
      );
      CREATE INDEX uploads_open_index ON uploads (owner_id, id) WHERE file_id IS NULL;
      CREATE INDEX uploads_expires_at_index ON uploads (expires_at);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE uploads');
  }
}
