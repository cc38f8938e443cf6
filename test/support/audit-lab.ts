import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AUDIT_LOG, type IAuditLog } from '../../src/core/contracts/audit-log.contract.js';
import { UnitOfWork, type Transaction } from '../../src/core/database/index.js';
import { AuditChainRepository } from '../../src/access/audit/chain/audit-chain.repository.js';
import { AuditHeadKeeper } from '../../src/access/audit/chain/audit-head-keeper.service.js';
import { AuditLogRepository } from '../../src/access/audit/audit-log.repository.js';
import { AuditRetention } from '../../src/access/audit/chain/audit-retention.service.js';
import { AuditSealer } from '../../src/access/audit/chain/audit-sealer.service.js';
import { AuditSigningKey } from '../../src/access/audit/chain/audit-signing-key.service.js';
import type { AuditReport } from '../../src/access/audit/verify/audit-report.js';
import {
  verifyAuditLog,
  type VerifyOptions,
} from '../../src/access/audit/verify/verify-audit-log.js';
import type { Env } from '../../src/core/config/config.js';
import { startTestApp, type TestApp } from './app.js';
import { principal } from './principals.js';

export interface AuditLab extends TestApp {
  sealer: AuditSealer;
  retention: AuditRetention;
  heads: AuditHeadKeeper;
  unitOfWork: UnitOfWork;
  /** Another replica's sealer, on the same database. */
  replica(env?: Partial<Env>): { sealer: AuditSealer; heads: AuditHeadKeeper };
  /** One entry, in the given transaction or in one of its own. */
  record(target: string, tx?: Transaction): Promise<void>;
  /** SQL as a superuser whom no trigger stops. */
  tamper(sql: string): Promise<void>;
  /** An empty log, as if nothing had ever been there; the key stays. */
  reset(): Promise<void>;
  verify(options?: VerifyOptions): Promise<AuditReport>;
}

/** An application whose log is sealed when a test says so, and by nobody else. */
export async function startAuditLab(settings: Record<string, string> = {}): Promise<AuditLab> {
  const app = await startTestApp(settings);
  const get = <T>(type: new (...args: never[]) => T): T => app.app.get(type, { strict: false });
  const sealer = get(AuditSealer);
  await sealer.beforeApplicationShutdown();
  const log = app.app.get<IAuditLog>(AUDIT_LOG, { strict: false });
  const unitOfWork = get(UnitOfWork);
  const actor = principal({ name: 'recorder', requestId: 'the-request' });
  const record = async (target: string, tx?: Transaction): Promise<void> => {
    const entry = {
      action: 'dataset.update',
      targets: [`dataset:${target}`, 'file:1'],
      before: { target, n: 1 },
      after: { target, n: 2 },
      details: { target },
    } as const;
    if (tx) await log.record(tx, actor, entry);
    else await unitOfWork.run((own) => log.record(own, actor, entry));
  };
  const tamper = async (sql: string): Promise<void> => {
    // One message, so one transaction.
    await app.database.query(`SET LOCAL session_replication_role = replica; ${sql}`);
  };
  return {
    ...app,
    sealer,
    retention: get(AuditRetention),
    heads: get(AuditHeadKeeper),
    unitOfWork,
    replica: (given = {}) => {
      const env = { ...app.env, ...given };
      const chain = get(AuditChainRepository);
      const heads = new AuditHeadKeeper(env, chain, unitOfWork);
      const key = new AuditSigningKey(env);
      return {
        heads,
        sealer: new AuditSealer(chain, key, heads, get(AuditLogRepository), unitOfWork),
      };
    },
    record,
    tamper,
    reset: async () => {
      await tamper('TRUNCATE audit_log, audit_pending, audit_seals, audit_segments');
      await rm(join(app.env.STRATUM_DATA_DIR, 'audit-head'), { force: true });
    },
    verify: (options) => verifyAuditLog(app.env, unitOfWork, options),
  };
}
