import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import {
  holdOf,
  keptBy,
  type ReferenceOwner,
} from '../../core/contracts/file-references.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { IQuotas, SizedContent, Usage } from '../../core/contracts/quotas.contract.js';
import { RetryTransaction, type Transaction } from '../../core/database/index.js';
import { InstallationQuota } from './installation-quota.service.js';
import { QuotaExceededError } from './limits.errors.js';
import { QuotasRepository, type CountedBytes, type QuotaKind } from './quotas.repository.js';
import { UsageCounts } from './usage-counts.service.js';
import { UsagesRepository } from './usages.repository.js';

/** The quotas that hold for an owner; `null`: none. */
interface Quotas {
  userId: string;
  user: number | null;
  dataset: number | null;
}

/** One that has a quota, and how much it may keep. */
interface Holder {
  quota: QuotaKind;
  id: string;
  /** The user, or the dataset's owner. */
  userId: string;
  bytes: number;
}

/** What is to be let in. */
interface Addition {
  /** Bytes of each content that comes, also of those that are kept already. */
  offered: number;
  alongside: number;
  /** How many bytes of it are not kept yet. */
  needed: () => Promise<number>;
}

@Injectable()
export class QuotasService implements IQuotas, OnModuleInit {
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'QUOTA_USER_BYTES' | 'QUOTA_DATASET_BYTES'>,
    private readonly quotas: QuotasRepository,
    private readonly usages: UsagesRepository,
    private readonly counts: UsageCounts,
    private readonly installation: InstallationQuota,
  ) {}

  /** A restart is the operator's way to change settings: under others, not all was counted. */
  async onModuleInit(): Promise<void> {
    await this.usages.forgetAll();
  }

  async admit(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    contents: readonly SizedContent[],
    alongside: readonly SizedContent[] = [],
  ): Promise<void> {
    if (contents.length + alongside.length === 0) return;
    await this.installation.admit(tx, caller, contents, alongside);
    const quotas = await this.of(owner, tx);
    if (!quotas) return;
    const once = [...new Map(contents.map((one) => [one.contentHash, one])).values()];
    const bytes = { offered: bytesOf(once), alongside: bytesOf(alongside) };
    for (const holder of holdersOf(quotas, owner)) {
      const needed = () => this.quotas.countNeeded(tx, holder.quota, holder.id, once);
      await this.reserve(tx, caller, holder, { ...bytes, needed });
    }
  }

  async refuseEarly(
    caller: Principal,
    { atLeast, atMost }: { atLeast: number; atMost: number },
  ): Promise<void> {
    if (this.installation.isFullFor(atLeast)) {
      // The caller's own only: that others have a content of this size is not the caller's to know.
      if (await this.counts.hasOfSize(caller.id, atLeast, atMost)) return;
      this.installation.refuse(caller, atLeast);
    }
    const quotas = await this.of(holdOf(caller.id));
    if (!quotas || quotas.user === null) return;
    const known = await this.usages.find('user', caller.id);
    if (known && known.atMost + atLeast <= quotas.user) return;
    const isFull = known?.isRecent && known.usedBytes + atLeast > quotas.user;
    const { usedBytes } = isFull ? known : await this.counts.count('user', caller.id);
    if (usedBytes + atLeast <= quotas.user) return;
    if (await this.counts.hasOfSize(caller.id, atLeast, atMost)) return;
    refuse(caller, holderOf(caller.id, quotas.user), { neededBytes: atLeast, usedBytes });
  }

  async admitDataset(
    tx: Transaction,
    caller: Principal,
    datasetId: string,
    newOwnerId: string,
  ): Promise<void> {
    const before = await this.of(keptBy(datasetId), tx);
    if (before) tx.afterCommit(() => this.usages.markGivenUp('user', before.userId));
    const quotas = await this.of(holdOf(newOwnerId), tx);
    if (!quotas || quotas.user === null) return;
    const { usedBytes: offered } = await this.quotas.count('dataset', datasetId, tx);
    const needed = () => this.quotas.countAdded(tx, datasetId, newOwnerId);
    const addition = { offered, alongside: 0, needed };
    await this.reserve(tx, caller, holderOf(newOwnerId, quotas.user), addition);
  }

  givenUp(tx: Transaction, { type, id }: ReferenceOwner): void {
    if (type === 'hold') tx.afterCommit(() => this.usages.markGivenUp('user', id));
  }

  async usageOfUser(userId: string): Promise<Usage> {
    const quotas = await this.of(holdOf(userId));
    return { quotaBytes: quotas?.user ?? null, ...(await this.usageOf('user', userId)) };
  }

  async usageOfDataset(datasetId: string): Promise<Usage> {
    const quotas = await this.of(keptBy(datasetId));
    return { quotaBytes: quotas?.dataset ?? null, ...(await this.usageOf('dataset', datasetId)) };
  }

  private async usageOf(kind: QuotaKind, id: string): Promise<CountedBytes> {
    const known = await this.usages.find(kind, id);
    const isExact = known?.isRecent && known.atMost === known.usedBytes;
    const { usedBytes, files } = isExact ? known : await this.counts.count(kind, id);
    return { usedBytes, files };
  }

  /**
   * What is known is enough to let in. To refuse takes a recent count: without one, the transaction gives
   * its locks and its connection back, and is run again after one.
   */
  private async reserve(
    tx: Transaction,
    caller: Principal,
    holder: Holder,
    { offered, alongside, needed }: Addition,
  ): Promise<void> {
    const { quota, id, bytes } = holder;
    const known = await this.usages.lock(tx, quota, id);
    if (offered > 0 && !(known && known.atMost + offered <= bytes)) {
      const neededBytes = await needed();
      if (neededBytes > 0 && !(known && known.atMost + neededBytes <= bytes)) {
        if (known?.isRecent && known.usedBytes + neededBytes > bytes) {
          refuse(caller, holder, { neededBytes, usedBytes: known.usedBytes });
        }
        throw new RetryTransaction(async () => void (await this.counts.count(quota, id)));
      }
    }
    await this.usages.add(tx, quota, id, offered + alongside);
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

/** Those whose quotas an addition counts against; the dataset first, which is the order of locks. */
function holdersOf({ userId, user, dataset }: Quotas, owner: ReferenceOwner): Holder[] {
  return [
    ...(dataset === null
      ? []
      : [{ quota: 'dataset' as const, id: owner.id, userId, bytes: dataset }]),
    ...(user === null ? [] : [holderOf(userId, user)]),
  ];
}

const holderOf = (userId: string, bytes: number): Holder => ({
  quota: 'user',
  id: userId,
  userId,
  bytes,
});

const bytesOf = (contents: readonly SizedContent[]): number =>
  contents.reduce((sum, { size }) => sum + size, 0);

/** @throws QuotaExceededError */
function refuse(
  caller: Principal,
  { quota, userId, bytes: quotaBytes }: Holder,
  { neededBytes, usedBytes }: { neededBytes: number; usedBytes: number },
): never {
  const isTheirs = quota === 'dataset' || caller.isAdmin || caller.id === userId;
  throw new QuotaExceededError({
    quota,
    neededBytes,
    ...(isTheirs && { quotaBytes, usedBytes }),
  });
}
