import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import { EVENT_BUS, type IEventBus } from '../../core/contracts/event-bus.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { Metrics } from '../../core/metrics/metrics.js';

interface UploadedFile {
  id: FileId;
  contentHash: string;
  size: number;
  deduplicated: boolean;
}

/** What a change of files leaves behind: an audit entry with it, events and figures after it. */
@Injectable()
export class FileChanges {
  constructor(
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    @Inject(EVENT_BUS) private readonly events: IEventBus,
    private readonly metrics: Metrics,
  ) {}

  /** What one request has uploaded. @param origin for the log: how they came */
  async uploaded(
    tx: Transaction,
    caller: Principal,
    files: readonly UploadedFile[],
    origin: { uploadId?: string } = {},
  ): Promise<void> {
    await this.log.record(tx, caller, {
      action: 'file.upload',
      targets: [...new Set(files.map(({ id }) => `file:${id}` as const))],
      before: null,
      after: files.map(({ id, contentHash, size }) => ({ id, contentHash, size })),
      details: {
        files: files.length,
        bytes: files.reduce((sum, { size }) => sum + size, 0),
        ...origin,
      },
    });
    tx.afterCommit(() => this.announce(caller, files));
  }

  /** The caller gave up so many holds. */
  async released(tx: Transaction, caller: Principal, id: FileId, holds: number): Promise<void> {
    await this.log.record(tx, caller, {
      action: 'file.release',
      targets: [`file:${id}`],
      before: { id, holds },
      after: null,
      details: { holds },
    });
    tx.afterCommit(() =>
      this.events.publish('file.deleted', { fileId: id, principalId: caller.id }),
    );
  }

  private announce(caller: Principal, files: readonly UploadedFile[]): void {
    for (const { id, contentHash, size, deduplicated } of files) {
      this.metrics.uploads.inc({ deduplicated: String(deduplicated) });
      this.metrics.uploadedBytes.inc(size);
      this.events.publish('file.uploaded', {
        fileId: id,
        contentHash,
        size,
        principalId: caller.id,
      });
    }
  }
}
