import { createPrivateKey } from 'node:crypto';
import type { AuditFault } from '../../../src/access/audit/verify/audit-report.js';
import {
  AuditChainRepository,
  type ChainedSeal,
  type KeptSegment,
} from '../../../src/access/audit/chain/audit-chain.repository.js';
import { generateSigningKey, signingKeyOf } from '../../../src/core/ed25519.js';
import type { AuditLab } from '../audit-lab.js';

/** What stands in the database before a tamper. */
export interface AuditState {
  /** Of the segments that are kept, in order. */
  chain: ChainedSeal[];
  segments: KeptSegment[];
  /** The last segment as it was signed when it was shorter. */
  older: KeptSegment;
}

/** SQL, and one of the faults that must be told of it; with the place where it is one place. */
export interface Tamper {
  sql: string;
  faults: AuditFault[];
  seq?: number;
}

export type TamperKind = (state: AuditState, pick: (below: number) => number) => Tamper;

export const thief = signingKeyOf(createPrivateKey(generateSigningKey()));

export const bytes = (value: Buffer): string => `'\\x${value.toString('hex')}'::bytea`;

/**
 * A log of 36 sealed entries in segments of ten, the first of them dropped, and three that wait for their
 * seal; its end is kept in `audit-head`.
 */
export async function prepareAuditState(lab: AuditLab): Promise<AuditState> {
  const rules = { maxEntries: 10, maxAgeMs: 86_400_000 };
  const record = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) await lab.record(`n${n}`);
  };
  const chain = new AuditChainRepository();
  await record(20);
  await lab.sealer.seal(rules);
  await lab.retention.drop(0);
  await record(12);
  await lab.sealer.seal(rules);
  const older = await lab.unitOfWork.run((tx) => chain.lastSegment(tx));
  await record(3);
  await lab.sealer.seal(rules);
  await lab.heads.follow();
  await record(3);
  return await lab.unitOfWork.run(async (tx) => ({
    chain: await chain.chainAfter(tx, 10, 36),
    segments: await chain.segmentsAfter(tx, 0, 10),
    older: older as KeptSegment,
  }));
}

export const deletedFrom = (table: string, first: number, last: number): string =>
  table === 'audit_log'
    ? `DELETE FROM audit_log WHERE id IN
         (SELECT entry_id FROM audit_seals WHERE seq BETWEEN ${first} AND ${last})`
    : `DELETE FROM ${table} WHERE seq BETWEEN ${first} AND ${last}`;

export function anyPlace({ chain }: AuditState, pick: (below: number) => number): ChainedSeal {
  return chain[pick(chain.length)] as ChainedSeal;
}

export const copyOf = (entryId: string, id: number): string => `
  INSERT INTO audit_log (id, at, actor_id, actor_name, request_id, action, targets, details)
  SELECT ${id}, at, actor_id, actor_name, request_id, action, targets, details
  FROM audit_log WHERE id = ${entryId}`;
