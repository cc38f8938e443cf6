import { Injectable } from '@nestjs/common';
import { managerOf, type Transaction } from '../../core/database/index.js';
import type { Mark } from './marks.js';

/** What this database knows of itself and of the last mark. */
export interface DatabaseState {
  /** `null`: no collector has run on it yet. */
  mark: Mark | null;
  /** PostgreSQL is the one it was, in the history that it had. */
  isSameServer: boolean;
  /** There are references since the mark, or it is an hour old. */
  hasMovedOn: boolean;
}

/**
 * Another system identifier: the dump was restored into another cluster. Another timeline: the server
 * was recovered to a point in time, or a standby has taken over.
 */
const NOW = `
  SELECT (SELECT last_value - 1 + is_called::int FROM file_references_id_seq) AS references_seen,
    (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
    (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline`;

@Injectable()
export class GcStateRepository {
  async read(tx: Transaction): Promise<DatabaseState> {
    const [row] = (await managerOf(tx).query(
      `SELECT s.mark::float8 AS number, s.token,
         s.id IS NULL OR (s.system_identifier = n.system_identifier AND s.timeline = n.timeline)
           AS "isSameServer",
         s.id IS NULL OR n.references_seen <> s.references_seen
           OR s.marked_at < now() - interval '1 hour' AS "hasMovedOn"
       FROM (${NOW}) n LEFT JOIN gc_state s ON true`,
    )) as [Omit<DatabaseState, 'mark'> & { number: number | null; token: string }];
    const { number, token, ...rest } = row;
    return { ...rest, mark: number === null ? null : { number, token } };
  }

  /**
   * The number of the next mark, with this token. Two that come at once get two numbers.
   * @param accepted the highest number in the store, when an operator has said that this database is
   *   the one that counts: the next is above it, and the server is the one that it is now
   */
  async advance(tx: Transaction, token: string, accepted: number | null): Promise<Mark> {
    const rows = (await managerOf(tx).query(
      `INSERT INTO gc_state AS s (id, mark, token, marked_at, references_seen, system_identifier,
         timeline)
       SELECT 1, coalesce($2::bigint, 0) + 1, $1, now(), n.* FROM (${NOW}) n
       ON CONFLICT (id) DO UPDATE SET
         mark = greatest(s.mark, $2::bigint) + 1,
         token = excluded.token,
         marked_at = excluded.marked_at,
         references_seen = excluded.references_seen,
         -- Whoever has not looked at a server that has changed must not make it the known one.
         system_identifier = CASE WHEN $2 IS NULL THEN s.system_identifier
                                  ELSE excluded.system_identifier END,
         timeline = CASE WHEN $2 IS NULL THEN s.timeline ELSE excluded.timeline END
       RETURNING mark::float8 AS number, token`,
      [token, accepted],
    )) as [Mark];
    return rows[0];
  }
}
