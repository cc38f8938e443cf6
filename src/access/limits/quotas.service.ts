import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { holdOf, type ReferenceOwner } from '../../core/contracts/file-references.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type {
  IQuotas,
  QuotaFinding,
  SizedContent,
  Usage,
} from '../../core/contracts/quotas.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { QuotaExceededError } from './limits.errors.js';
import { QuotasRepository } from './quotas.repository.js';

const datasetOwner = (id: string): ReferenceOwner => ({ type: 'dataset', id });

/** The quotas that hold for an owner; `null`: none. */
interface Quotas {
  userId: string;
  user: number | null;
  dataset: number | null;
}

@Injectable()
export class QuotasService implements IQuotas {
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'QUOTA_USER_BYTES' | 'QUOTA_DATASET_BYTES'>,
    private readonly quotas: QuotasRepository,
  ) {}

  async admit(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    contents: readonly SizedContent[],
  ): Promise<void> {
    if (contents.length === 0) return;
    const quotas = await this.of(owner, tx);
    if (!quotas || (quotas.user === null && quotas.dataset === null)) return;
    if (owner.type === 'dataset') await this.quotas.lockDataset(tx, owner.id);
    if (quotas.user !== null) await this.quotas.lockUser(tx, quotas.userId);
    const added = await this.quotas.newTo(tx, owner, contents);
    if (added.length === 0) return;
    if (quotas.dataset !== null) {
      const { usedBytes } = await this.quotas.countDataset(owner.id, tx);
      const neededBytes = added.reduce((sum, { size }) => sum + size, 0);
      refuseOver(caller, quotas, { quota: 'dataset', neededBytes, usedBytes }, quotas.dataset);
    }
    if (quotas.user !== null) {
      const { usedBytes, neededBytes } = await this.quotas.countUser(quotas.userId, added, tx);
      refuseOver(caller, quotas, { quota: 'user', neededBytes, usedBytes }, quotas.user);
    }
  }

  async refuseEarly(
    caller: Principal,
    { atLeast, atMost }: { atLeast: number; atMost: number },
  ): Promise<void> {
    const quotas = await this.of(holdOf(caller.id));
    if (!quotas || quotas.user === null) return;
    const { usedBytes } = await this.quotas.countUser(caller.id, []);
    if (usedBytes + atLeast <= quotas.user) return;
    if (await this.quotas.hasOfSize(caller.id, atLeast, atMost)) return;
    const finding = { quota: 'user', neededBytes: atLeast, usedBytes } as const;
    refuseOver(caller, quotas, finding, quotas.user);
  }

  async admitDataset(
    tx: Transaction,
    caller: Principal,
    datasetId: string,
    newOwnerId: string,
  ): Promise<void> {
    const quotas = await this.of(holdOf(newOwnerId), tx);
    if (!quotas || quotas.user === null) return;
    await this.quotas.lockUser(tx, newOwnerId);
    const neededBytes = await this.quotas.countAdded(tx, datasetId, newOwnerId);
    const { usedBytes } = await this.quotas.countUser(newOwnerId, [], tx);
    refuseOver(caller, quotas, { quota: 'user', neededBytes, usedBytes }, quotas.user);
  }

  async usageOfUser(userId: string): Promise<Usage> {
    const quotas = await this.of(holdOf(userId));
    const { usedBytes, files } = await this.quotas.countUser(userId, []);
    return { quotaBytes: quotas?.user ?? null, usedBytes, files };
  }

  async usageOfDataset(datasetId: string): Promise<Usage> {
    const quotas = await this.of(datasetOwner(datasetId));
    const { usedBytes, files } = await this.quotas.countDataset(datasetId);
    return { quotaBytes: quotas?.dataset ?? null, usedBytes, files };
  }

  private async of(owner: ReferenceOwner, tx?: Transaction): Promise<Quotas | null> {
    const own = await this.quotas.find(owner, tx);
    if (!own) return null;
    const { QUOTA_USER_BYTES, QUOTA_DATASET_BYTES } = this.env;
    return {
      userId: own.userId,
      user: own.userBytes ?? (QUOTA_USER_BYTES || null),
      dataset:
        owner.type === 'dataset' ? (own.datasetBytes ?? (QUOTA_DATASET_BYTES || null)) : null,
    };
  }
}

/** @throws QuotaExceededError */
function refuseOver(
  caller: Principal,
  { userId }: Quotas,
  { quota, neededBytes, usedBytes }: QuotaFinding & { usedBytes: number },
  quotaBytes: number,
): void {
  if (neededBytes === 0 || usedBytes + neededBytes <= quotaBytes) return;
  const isTheirs = quota === 'dataset' || caller.isAdmin || caller.id === userId;
  throw new QuotaExceededError({
    quota,
    neededBytes,
    ...(isTheirs && { quotaBytes, usedBytes }),
  });
}
