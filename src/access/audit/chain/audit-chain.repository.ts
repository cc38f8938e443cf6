import { Injectable } from '@nestjs/common';
import { managerOf, type Transaction } from '../../../core/database/index.js';
import type { ChainedEntry, Drop, Extension, Seal, Segment } from './chain.js';

/** Any number that nothing else locks by: `audit` in ASCII. */
const LOCK = 0x6175646974;

/** A segment as it is kept. */
export type KeptSegment = Segment & { [K in keyof Drop]: Drop[K] | null };

/** A place in the chain, and what stands there; `null`: its entry is missing. */
export type ChainedSeal = Seal & { entry: ChainedEntry | null };

/** Faults of one kind that are told. */
const FEW = 100;

/** One fetch is bounded by entries and by their targets, of which one may have ten thousand. */
const PORTION = { entries: 500, targets: 20_000 };

/** Exactly, and whatever the session's settings are. */
const seconds = (column: string): string => `extract(epoch FROM ${column})::text`;

/** As `hashOf` takes it. */
const ENTRY = `
  json_build_object('id', e.id::text, 'at', ${seconds('e.at')}, 'actorId', e.actor_id,
    'actorName', e.actor_name, 'keyId', e.key_id, 'requestId', e.request_id, 'action', e.action,
    'targets', e.targets, 'beforeDigest', encode(e.before_digest, 'hex'),
    'afterDigest', encode(e.after_digest, 'hex'), 'details', e.details::text)`;

const SEGMENT = `
  id::int, first_seq::float AS "firstSeq", last_seq::float AS "lastSeq",
  previous_hash AS "previousHash", head_hash AS "headHash", ${seconds('opened_at')} AS "openedAt",
  ${seconds('sealed_at')} AS "sealedAt", public_key AS "publicKey", signature,
  ${seconds('dropped_at')} AS "droppedAt", drop_public_key AS "dropPublicKey",
  drop_signature AS "dropSignature"`;

@Injectable()
export class AuditChainRepository {
  /** Whether this transaction is the one that may change the chain; others don't wait for it. */
  async tryLock(tx: Transaction): Promise<boolean> {
    const [row] = await rowsOf<{ locked: boolean }>(
      tx,
      'SELECT pg_try_advisory_xact_lock($1) AS locked',
      [LOCK],
    );
    return row?.locked === true;
  }

  /** Entries that are not sealed, the first ones first. */
  async takePending(tx: Transaction): Promise<ChainedEntry[]> {
    const rows = await rowsOf<{ entry: ChainedEntry }>(
      tx,
      portionOf(
        `SELECT p.entry_id AS place, e.targets, ${ENTRY} AS entry
         FROM audit_pending p JOIN audit_log e ON e.id = p.entry_id
         ORDER BY p.entry_id LIMIT ${PORTION.entries}`,
      ),
    );
    return rows.map(({ entry }) => entry);
  }

  async lastSegment(tx: Transaction): Promise<KeptSegment | null> {
    const [segment] = await this.segments(tx, `ORDER BY id DESC LIMIT 1`, []);
    return segment ?? null;
  }

  async segmentsAfter(tx: Transaction, id: number, limit: number): Promise<KeptSegment[]> {
    return await this.segments(tx, 'WHERE id > $1 ORDER BY id LIMIT $2', [id, limit]);
  }

  /** The oldest segment, but not the last one, whose entries are there and older than so many days. */
  async oldestToDrop(tx: Transaction, days: number): Promise<KeptSegment | null> {
    const [segment] = await this.segments(
      tx,
      `WHERE dropped_at IS NULL AND sealed_at < now() - make_interval(days => $1)
         AND id < (SELECT max(id) FROM audit_segments) ORDER BY id LIMIT 1`,
      [days],
    );
    return segment ?? null;
  }

  async append(tx: Transaction, { seals, segments }: Extension): Promise<void> {
    const manager = managerOf(tx);
    const entryIds = seals.map(({ entryId }) => entryId);
    await manager.query(
      `INSERT INTO audit_seals (seq, entry_id, hash)
       SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])`,
      [seals.map(({ seq }) => seq), entryIds, seals.map(({ hash }) => hash)],
    );
    await manager.query('DELETE FROM audit_pending WHERE entry_id = ANY($1::bigint[])', [entryIds]);
    for (const s of segments) {
      await manager.query(
        `INSERT INTO audit_segments (id, first_seq, last_seq, previous_hash, head_hash, opened_at,
           sealed_at, public_key, signature)
         VALUES ($1, $2, $3, $4, $5, ${time('$6')}, ${time('$7')}, $8, $9)
         ON CONFLICT (id) DO UPDATE SET last_seq = EXCLUDED.last_seq,
           head_hash = EXCLUDED.head_hash, sealed_at = EXCLUDED.sealed_at,
           signature = EXCLUDED.signature`,
        [
          s.id,
          s.firstSeq,
          s.lastSeq,
          s.previousHash,
          s.headHash,
          s.openedAt,
          s.sealedAt,
          s.publicKey,
          s.signature,
        ],
      );
    }
  }

  /** Drops the entries of a segment and keeps its head. */
  async drop(tx: Transaction, segment: Segment, drop: Drop): Promise<void> {
    const manager = managerOf(tx);
    const { id, firstSeq, lastSeq } = segment;
    await manager.query(`SELECT set_config('stratum.audit_retention', 'on', true)`);
    await manager.query(
      `WITH gone AS (DELETE FROM audit_seals WHERE seq BETWEEN $1 AND $2 RETURNING entry_id)
       DELETE FROM audit_log WHERE id IN (SELECT entry_id FROM gone)`,
      [firstSeq, lastSeq],
    );
    await manager.query(
      `UPDATE audit_segments
       SET dropped_at = ${time('$2')}, drop_public_key = $3, drop_signature = $4 WHERE id = $1`,
      [id, drop.droppedAt, drop.dropPublicKey, drop.dropSignature],
    );
    await manager.query(`SELECT set_config('stratum.audit_retention', 'off', true)`);
  }

  /** The hash at this place; `null` when no seal is there. */
  async hashAt(tx: Transaction, seq: number): Promise<Buffer | null> {
    const [row] = await rowsOf<{ hash: Buffer }>(
      tx,
      'SELECT hash FROM audit_seals WHERE seq = $1',
      [seq],
    );
    return row?.hash ?? null;
  }

  /** The segment of this place. */
  async segmentAt(tx: Transaction, seq: number): Promise<KeptSegment | null> {
    const [segment] = await this.segments(tx, 'WHERE $1 BETWEEN first_seq AND last_seq LIMIT 1', [
      seq,
    ]);
    return segment ?? null;
  }

  /** The chain from `after` on, in order, with what stands at each place. */
  async chainAfter(tx: Transaction, after: number, upTo: number): Promise<ChainedSeal[]> {
    return await rowsOf<ChainedSeal>(
      tx,
      portionOf(
        `SELECT s.seq AS place, e.targets, s.seq::float AS seq, s.entry_id::text AS "entryId",
           s.hash, CASE WHEN e.id IS NOT NULL THEN ${ENTRY} END AS entry
         FROM audit_seals s LEFT JOIN audit_log e ON e.id = s.entry_id
         WHERE s.seq > $1 AND s.seq <= $2 ORDER BY s.seq LIMIT ${PORTION.entries}`,
      ),
      [after, upTo],
    );
  }

  /** From here on the transaction sees one moment, and changes nothing. Must be its first statement. */
  async beginSnapshot(tx: Transaction): Promise<void> {
    await managerOf(tx).query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  }

  /** The first places of the chain that no segment has. */
  async sealsOutside(tx: Transaction): Promise<{ seq: number; entryId: string }[]> {
    return await rowsOf(
      tx,
      `SELECT s.seq::float, s.entry_id::text AS "entryId" FROM audit_seals s
       WHERE s.seq > coalesce((SELECT max(last_seq) FROM audit_segments), 0)
         OR s.seq < coalesce((SELECT min(first_seq) FROM audit_segments), 1)
       ORDER BY s.seq LIMIT ${FEW}`,
    );
  }

  /** The first entries without a seal that do not wait for one. */
  async unqueued(tx: Transaction): Promise<string[]> {
    return await this.ids(
      tx,
      `SELECT e.id FROM audit_log e
       WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.entry_id = e.id)
         AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.entry_id = e.id)`,
    );
  }

  /** What waits for a seal and is not there, or has one. */
  async wronglyQueued(tx: Transaction): Promise<string[]> {
    return await this.ids(
      tx,
      `SELECT p.entry_id AS id FROM audit_pending p
       WHERE NOT EXISTS (SELECT FROM audit_log e WHERE e.id = p.entry_id)
         OR EXISTS (SELECT FROM audit_seals s WHERE s.entry_id = p.entry_id)`,
    );
  }

  async countPending(tx: Transaction): Promise<{ count: number; oldestAt: string | null }> {
    const [row] = await rowsOf<{ count: number; oldestAt: Date | null }>(
      tx,
      `SELECT count(*)::int, min(e.at) AS "oldestAt"
       FROM audit_pending p JOIN audit_log e ON e.id = p.entry_id`,
    );
    return { count: row?.count ?? 0, oldestAt: row?.oldestAt?.toISOString() ?? null };
  }

  private async ids(tx: Transaction, query: string): Promise<string[]> {
    const rows = await rowsOf<{ id: string }>(tx, `${query} ORDER BY id LIMIT ${FEW}`);
    return rows.map(({ id }) => id);
  }

  private async segments(
    tx: Transaction,
    clauses: string,
    parameters: unknown[],
  ): Promise<KeptSegment[]> {
    return await rowsOf(tx, `SELECT ${SEGMENT} FROM audit_segments ${clauses}`, parameters);
  }
}

/** A time from its seconds, to the microsecond. */
const time = (parameter: string): string => `'epoch'::timestamptz + ${parameter}::interval`;

/** The first of these rows that together are not too much; at least one. */
const portionOf = (rows: string): string => `
  SELECT * FROM (
    SELECT found.*, row_number() OVER chain AS number,
      sum(coalesce(cardinality(targets), 0)) OVER chain AS sum_of_targets
    FROM (${rows}) found WINDOW chain AS (ORDER BY place)) counted
  WHERE number = 1 OR sum_of_targets <= ${PORTION.targets} ORDER BY place`;

async function rowsOf<T>(tx: Transaction, sql: string, parameters: unknown[] = []): Promise<T[]> {
  return (await managerOf(tx).query(sql, parameters)) as T[];
}
