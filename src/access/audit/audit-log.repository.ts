import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditEntry } from './entities/audit-entry.entity.js';

/** An entry as admins see it. Digests and hashes in hex. */
export interface AuditRecord {
  id: number;
  at: Date;
  actorId: string | null;
  actorName: string | null;
  keyId: string | null;
  requestId: string | null;
  action: string;
  targets: string[];
  beforeDigest: string | null;
  afterDigest: string | null;
  details: Record<string, unknown>;
  /** `null` until it is sealed. */
  seq: number | null;
  hash: string | null;
}

/** The condition of each filter, where `$` stands for its value. */
const CONDITIONS = {
  actorId: 'e.actor_id = $',
  actorName: 'e.actor_name = $',
  action: 'e.action = $',
  /** An action's beginning; its letters, hyphens and dots are no wildcards. */
  kind: `e.action LIKE $::text || '%'`,
  target: 'e.targets @> ARRAY[$]::text[]',
  requestId: 'e.request_id = $',
  from: 'e.at >= $',
  to: 'e.at < $',
  beforeId: 'e.id < $',
  /** The oldest first. */
  afterSeq: 's.seq > $',
};

export type AuditFilter = { [K in keyof typeof CONDITIONS]?: unknown };

const COLUMNS = `
  e.id::float, e.at, e.actor_id AS "actorId", e.actor_name AS "actorName", e.key_id AS "keyId",
  e.request_id AS "requestId", e.action, e.targets,
  encode(e.before_digest, 'hex') AS "beforeDigest", encode(e.after_digest, 'hex') AS "afterDigest",
  e.details, s.seq::float, encode(s.hash, 'hex') AS hash`;

@Injectable()
export class AuditLogRepository {
  constructor(@InjectRepository(AuditEntry) private readonly entries: Repository<AuditEntry>) {}

  /** Whether entries wait for their seal, and where the chain ends. */
  async newsOfChain(): Promise<{ hasPending: boolean; lastSeq: number }> {
    const [row] = (await this.entries.query(
      `SELECT EXISTS (SELECT FROM audit_pending) AS "hasPending",
         coalesce((SELECT last_seq FROM audit_segments ORDER BY id DESC LIMIT 1), 0)::float
           AS "lastSeq"`,
    )) as [{ hasPending: boolean; lastSeq: number }];
    return row;
  }

  async list(filter: AuditFilter, limit: number): Promise<AuditRecord[]> {
    const conditions: string[] = [];
    const values: unknown[] = [limit];
    for (const [name, condition] of Object.entries(CONDITIONS)) {
      const value = filter[name as keyof AuditFilter];
      if (value === undefined) continue;
      values.push(value);
      conditions.push(condition.replace('$', () => `$${values.length}`));
    }
    const inOrder = filter.afterSeq === undefined ? 'e.id DESC' : 's.seq';
    return (await this.entries.query(
      `SELECT ${COLUMNS} FROM audit_log e LEFT JOIN audit_seals s ON s.entry_id = e.id
       ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
       ORDER BY ${inOrder} LIMIT $1`,
      values,
    )) as AuditRecord[];
  }
}
