import { readFile } from 'node:fs/promises';
import type { Env } from '../../../core/config/config.js';
import type { UnitOfWork } from '../../../core/database/index.js';
import { fingerprintOf } from '../../../core/ed25519.js';
import { AuditChainRepository } from '../chain/audit-chain.repository.js';
import { AuditHeadFile, parseHead } from '../chain/audit-head-file.js';
import { findSigningKey } from '../chain/audit-signing-key.service.js';
import type { Segment } from '../chain/chain.js';
import type { AuditReport } from './audit-report.js';
import { AuditVerifier } from './audit-verifier.js';

export interface VerifyOptions {
  /** Fingerprints of keys that are trusted beside this installation's own. */
  trust?: readonly string[];
  /** Files with an end of the chain each, beside `audit-head` of the data folder. */
  heads?: readonly string[];
}

/**
 * Tells whether the audit log of this installation is what was written: complete, in order, unchanged,
 * and as long as it was when its end was last kept elsewhere. Changes nothing.
 */
export async function verifyAuditLog(
  env: Env,
  unitOfWork: UnitOfWork,
  { trust = [], heads: files = [] }: VerifyOptions = {},
): Promise<AuditReport> {
  const own = await findSigningKey(env);
  const trusted = new Set([...trust, ...(own ? [fingerprintOf(own.publicKey)] : [])]);
  // Before the snapshot: beside a running service an end that is read later may be ahead of it.
  const heads: Segment[] = [];
  const unreadable: string[] = [];
  const read = async (name: string, load: () => Promise<Segment | null>): Promise<void> => {
    try {
      const head = await load();
      if (head) heads.push(head);
    } catch {
      unreadable.push(name);
    }
  };
  await read('audit-head', () => new AuditHeadFile(env.STRATUM_DATA_DIR).read());
  for (const file of files) {
    await read(file, async () => parseHead(await readFile(file, 'utf8')));
  }
  const evidence = { trusted, heads, unreadable };
  return await unitOfWork.run((tx) =>
    new AuditVerifier(new AuditChainRepository(), tx, evidence).verify(),
  );
}
