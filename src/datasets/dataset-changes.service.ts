import { Inject, Injectable } from '@nestjs/common';
import {
  AUDIT_LOG,
  type AuditedChange,
  type AuditTarget,
  type IAuditLog,
} from '../core/contracts/audit-log.contract.js';
import type { DatasetView } from '../core/contracts/dataset-repository.contract.js';
import { EVENT_BUS, type IEventBus } from '../core/contracts/event-bus.contract.js';
import type { DatasetId } from '../core/contracts/ids.js';
import type { Principal } from '../core/contracts/principal.contract.js';
import type { Transaction } from '../core/database/index.js';
import type { Version } from './versions/versions.repository.js';

type DatasetEvent = 'dataset.created' | 'dataset.updated' | 'dataset.deleted';

/** What a change of datasets leaves behind: an audit entry with it, and events after it. */
@Injectable()
export class DatasetChanges {
  constructor(
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    @Inject(EVENT_BUS) private readonly events: IEventBus,
  ) {}

  /** The entry of a request. Of very many changed files none is a target: their version is. */
  async record(tx: Transaction, caller: Principal, change: AuditedChange): Promise<void> {
    await this.log.record(tx, caller, change);
  }

  announce(
    tx: Transaction,
    caller: Principal,
    event: DatasetEvent,
    ids: readonly DatasetId[],
  ): void {
    tx.afterCommit(() => {
      for (const datasetId of ids) {
        this.events.publish(event, { datasetId, principalId: caller.id });
      }
    });
  }

  announceVersion(tx: Transaction, caller: Principal, version: Version): void {
    const { id: versionId, datasetId, versionNumber } = version;
    tx.afterCommit(() =>
      this.events.publish('version.created', {
        datasetId,
        versionId,
        versionNumber,
        principalId: caller.id,
      }),
    );
  }
}

export const datasetTarget = (id: DatasetId): AuditTarget => `dataset:${id}`;

export const versionTargets = ({ id, datasetId }: Version): AuditTarget[] => [
  `version:${id}`,
  datasetTarget(datasetId),
];

/** What the digests of an edit are of. */
export const saidOf = (dataset: DatasetView): Record<string, unknown> => ({
  slug: dataset.slug,
  name: dataset.name,
  description: dataset.description,
  metadata: dataset.metadata,
  visibility: dataset.visibility,
  ownerId: dataset.ownerId,
  tags: dataset.tags,
});

/** What the digests of a version are of. */
export const versionOf = (version: Version): Record<string, unknown> => ({
  id: version.id,
  versionNumber: version.versionNumber,
  parentId: version.parentId,
  mergedId: version.mergedId,
  jobId: version.jobId,
  message: version.message,
  overlayFileId: version.overlayFileId,
  createdBy: version.createdBy,
});
