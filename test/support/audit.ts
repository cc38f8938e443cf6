import type { TestApp } from './app.js';

export interface AuditRow {
  action: string;
  actor: string | null;
  targets: string[];
  details: unknown;
}

/** What was recorded since the last call, oldest first. */
export function auditOf({ database }: TestApp): () => Promise<AuditRow[]> {
  let last = '0';
  return async () => {
    const rows = await database.query<AuditRow & { id: string }>(
      `SELECT id, action, actor_name AS actor, targets, details FROM audit_log
       WHERE id > $1 ORDER BY id`,
      [last],
    );
    last = rows.at(-1)?.id ?? last;
    return rows;
  };
}
