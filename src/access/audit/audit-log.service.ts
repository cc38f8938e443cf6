import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import canonicalize from 'canonicalize';
import type { AuditedChange, IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { AuditEntriesRepository } from './audit-entries.repository.js';
import { AuditSealer } from './chain/audit-sealer.service.js';

@Injectable()
export class AuditLog implements IAuditLog {
  constructor(
    private readonly entries: AuditEntriesRepository,
    @Inject(AuditSealer) private readonly sealer: Pick<AuditSealer, 'wake'>,
  ) {}

  async record(tx: Transaction, actor: Principal | null, change: AuditedChange): Promise<void> {
    await this.entries.append(tx, {
      actorId: actor?.id ?? null,
      actorName: actor?.name ?? null,
      keyId: actor?.keyId ?? null,
      requestId: actor?.requestId ?? null,
      action: change.action,
      targets: [...change.targets],
      beforeDigest: digestOf(change.before),
      afterDigest: digestOf(change.after),
      details: canonicalize(change.details ?? {}) as string,
    });
    tx.afterCommit(() => this.sealer.wake());
  }
}

function digestOf(value: unknown): Buffer | null {
  const text = value === null ? undefined : canonicalize(value);
  return text === undefined ? null : createHash('sha256').update(text).digest();
}
