import type { Transaction } from '../database/unit-of-work.js';
import type { Principal } from './principal.contract.js';

export const AUDIT_LOG = Symbol('IAuditLog');

/** Whatever the log can tell of: what was done, to what kind of thing. At most 64 characters each. */
export const AUDIT_ACTIONS = [
  'api-key.create',
  'api-key.revoke',
  'api-key.rotate',
  /** The retention has dropped a segment of the log itself. */
  'audit.drop',
  /** With its first version when it came with files. */
  'dataset.create',
  'dataset.delete',
  'dataset.quota',
  'dataset.restore',
  /** Tags of one or many. */
  'dataset.tag',
  'dataset.update',
  /** The holds of one caller were given up. */
  'file.release',
  'file.upload',
  'fsck.cancel',
  /** A check of the store; with `repair` among its details it may mend what it finds. */
  'fsck.start',
  /** An operator had the collector take a turn, or told it that a restored database is meant. */
  'gc.run',
  'grant.delete',
  'grant.put',
  'group-member.add',
  'group-member.remove',
  'group.create',
  'group.delete',
  'group.update',
  /** Its caller, or an admin, has ended it. */
  'job.cancel',
  'job.create',
  'ref.delete',
  'ref.put',
  /** On every dataset that the caller may change. */
  'tag.rename',
  /** A resumable upload was begun; its end as a file is a `file.upload`. */
  'upload.create',
  'upload.delete',
  'user.create',
  'user.delete',
  'user.update',
  'version.create',
  'version.delete',
  'version.merge',
  'version.restore',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What was changed: `dataset:<id>`, `file:17`, `user:<id>`; at most 128 characters each. */
export type AuditTarget = `${string}:${string}`;

export interface AuditedChange {
  action: AuditAction;
  /** All that one request has changed in one transaction, at most 10,000; the first is the chief one. */
  targets: readonly AuditTarget[];
  /**
   * What was there before and after, as JSON values: kept as the SHA-256 of their canonical form
   * (RFC 8785), so that no content and no secret gets into the log. `null`: nothing was there.
   */
  before: unknown;
  after: unknown;
  /** A few words on the change for whoever reads the log: no contents, no secrets, at most 4 KiB. */
  details?: Readonly<Record<string, unknown>>;
}

/** The append-only log of changes. */
export interface IAuditLog {
  /**
   * Appends one row, in the transaction of the change: there never is one without the other. A request
   * that changes nothing (a replay, a repeat) records nothing.
   * @param actor `null`: the service itself
   */
  record(tx: Transaction, actor: Principal | null, change: AuditedChange): Promise<void>;
}
