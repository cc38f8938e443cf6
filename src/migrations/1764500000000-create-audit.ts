import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit log: its rows, those that no seal covers yet, the seals, and the signed segments of them. */
export class CreateAudit1764500000000 implements MigrationInterface {
  name = 'CreateAudit1764500000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTables(queryRunner);
    await queueNewRows(queryRunner);
    await keepAppendOnly(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE audit_segments;
      DROP TABLE audit_seals;
      DROP TABLE audit_pending;
      DROP TABLE audit_log;
      DROP FUNCTION queue_audit_entry();
      DROP FUNCTION refuse_audit_change();
    `);
  }
}

async function createTables(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE audit_log (
      id bigserial NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      actor_id uuid,
      actor_name varchar(100),
      key_id uuid,
      request_id varchar(128),
      action varchar(64) COLLATE "C" NOT NULL,
      targets text[] NOT NULL,
      before_digest bytea,
      after_digest bytea,
      details json NOT NULL DEFAULT '{}',
      CONSTRAINT audit_log_pkey PRIMARY KEY (id)
    );
    CREATE INDEX audit_log_at_index ON audit_log (at);
    CREATE INDEX audit_log_actor_index ON audit_log (actor_id, id);
    CREATE INDEX audit_log_actor_name_index ON audit_log (actor_name, id);
    CREATE INDEX audit_log_action_index ON audit_log (action, id);
    CREATE INDEX audit_log_request_index ON audit_log (request_id, id);
    CREATE INDEX audit_log_targets_index ON audit_log USING gin (targets);

    CREATE TABLE audit_pending (
      entry_id bigint NOT NULL,
      CONSTRAINT audit_pending_pkey PRIMARY KEY (entry_id)
    );

    CREATE TABLE audit_seals (
      seq bigint NOT NULL,
      entry_id bigint NOT NULL,
      hash bytea NOT NULL,
      CONSTRAINT audit_seals_pkey PRIMARY KEY (seq)
    );
    CREATE UNIQUE INDEX audit_seals_entry_key ON audit_seals (entry_id);

    CREATE TABLE audit_segments (
      id bigint NOT NULL,
      first_seq bigint NOT NULL,
      last_seq bigint NOT NULL,
      previous_hash bytea NOT NULL,
      head_hash bytea NOT NULL,
      opened_at timestamptz NOT NULL,
      sealed_at timestamptz NOT NULL,
      public_key bytea NOT NULL,
      signature bytea NOT NULL,
      dropped_at timestamptz,
      drop_public_key bytea,
      drop_signature bytea,
      CONSTRAINT audit_segments_pkey PRIMARY KEY (id)
    );
  `);
}

/** A trigger, so that a row is sealed whoever writes it, as soon as it is committed. */
async function queueNewRows(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE FUNCTION queue_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO audit_pending (entry_id) VALUES (NEW.id);
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER audit_log_queue
      AFTER INSERT ON audit_log
      FOR EACH ROW EXECUTE FUNCTION queue_audit_entry();
  `);
}

/** Against mistakes: a superuser gets past a trigger, but not unseen by audit:verify. */
async function keepAppendOnly(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' AND current_setting('stratum.audit_retention', true) = 'on' THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
    END
    $$;
    CREATE TRIGGER audit_log_append_only
      BEFORE UPDATE OR DELETE ON audit_log
      FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
    CREATE TRIGGER audit_log_no_truncate
      BEFORE TRUNCATE ON audit_log
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
    CREATE TRIGGER audit_seals_append_only
      BEFORE UPDATE OR DELETE ON audit_seals
      FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
    CREATE TRIGGER audit_seals_no_truncate
      BEFORE TRUNCATE ON audit_seals
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
    CREATE TRIGGER audit_segments_no_delete
      BEFORE DELETE ON audit_segments
      FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
    CREATE TRIGGER audit_segments_no_truncate
      BEFORE TRUNCATE ON audit_segments
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
  `);
}
