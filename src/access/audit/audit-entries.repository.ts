import { Injectable } from '@nestjs/common';
import { managerOf, type Transaction } from '../../core/database/index.js';
import type { AuditEntry } from './entities/audit-entry.entity.js';

export type NewEntry = Omit<AuditEntry, 'id' | 'at' | 'details'> & {
  /** Canonical JSON. */
  details: string;
};

@Injectable()
export class AuditEntriesRepository {
  /** One statement; a trigger queues the row for its seal. */
  async append(tx: Transaction, entry: NewEntry): Promise<void> {
    await managerOf(tx).query(
      `INSERT INTO audit_log (actor_id, actor_name, key_id, request_id, action, targets,
         before_digest, after_digest, details)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        entry.actorId,
        entry.actorName,
        entry.keyId,
        entry.requestId,
        entry.action,
        entry.targets,
        entry.beforeDigest,
        entry.afterDigest,
        entry.details,
      ],
    );
  }
}
