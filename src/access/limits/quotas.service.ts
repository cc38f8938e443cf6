import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
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
import { InstallationUsage } from './installation-usage.service.js';
import { QuotaExceededError } from './limits.errors.js';
import { QuotasRepository, type QuotaKind } from './quotas.repository.js';

const datasetOwner = (id: string): ReferenceOwner => ({ type: 'dataset', id });

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
  bytes: number;
}

@Injectable()
export class QuotasService implements IQuotas, OnModuleInit {
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'QUOTA_USER_BYTES' | 'QUOTA_DATASET_BYTES'>,
    private readonly usage: QuotasRepository,
    private readonly installation: InstallationUsage,
  ) {}

  /** A restart is the operator's way to change settings: under others, not all was counted. */
  async onModuleInit(): Promise<void> {
    await this.usage.forgetAll();
  }

  async admit(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    contents: readonly SizedContent[],
    alongside: readonly SizedContent[] = [],
  ): Promise<void> {
    if (contents.length + alongside.length === 0) return;
    await this.admitToInstallation(tx, caller, contents, alongside);
    const quotas = await this.of(owner, tx);
    if (!quotas) return;
    const holders = holdersOf(quotas, owner);
    const known: (number | null)[] = [];
    for (const { quota, id } of holders) known.push(await this.usage.lock(tx, quota, id));
    if (holders.length === 0) return;
    const added = await this.usage.newTo(tx, owner, contents);
    for (const [n, holder] of holders.entries()) {
      const count = () =>
        holder.quota === 'user'
          ? this.usage.countUser(holder.id, added, tx)
          : this.usage.countDataset(holder.id, tx).then(withNeeded(bytesOf(added)));
      const atMost = known[n] ?? null;
      const bytes = { added: bytesOf(added), alongside: bytesOf(alongside) };
      await this.reserve(tx, caller, { ...holder, userId: quotas.userId, atMost }, bytes, count);
    }
  }

  async refuseEarly(
    caller: Principal,
    { atLeast, atMost }: { atLeast: number; atMost: number },
  ): Promise<void> {
    await this.refuseByInstallation(caller, { atLeast, atMost });
    const quotas = await this.of(holdOf(caller.id));
    if (!quotas || quotas.user === null) return;
    const known = await this.usage.atMost('user', caller.id);
    if (known !== null && known + atLeast <= quotas.user) return;
    const { usedBytes } = await this.usage.countUser(caller.id, []);
    if (usedBytes + atLeast <= quotas.user) return;
    if (await this.usage.hasOfSize(caller.id, atLeast, atMost)) return;
    const finding = { quota: 'user', neededBytes: atLeast, usedBytes } as const;
    refuseOver(caller, quotas.userId, finding, quotas.user);
  }

  async admitDataset(
    tx: Transaction,
    caller: Principal,
    datasetId: string,
    newOwnerId: string,
  ): Promise<void> {
    const quotas = await this.of(holdOf(newOwnerId), tx);
    if (!quotas || quotas.user === null) return;
    const atMost = await this.usage.lock(tx, 'user', newOwnerId);
    const neededBytes = await this.usage.countAdded(tx, datasetId, newOwnerId);
    const holder = { quota: 'user', id: newOwnerId, bytes: quotas.user } as const;
    await this.reserve(
      tx,
      caller,
      { ...holder, userId: newOwnerId, atMost },
      { added: neededBytes, alongside: 0 },
      () => this.usage.countUser(newOwnerId, [], tx).then(withNeeded(neededBytes)),
    );
  }

  async usageOfUser(userId: string): Promise<Usage> {
    const quotas = await this.of(holdOf(userId));
    const { usedBytes, files } = await this.usage.countUser(userId, []);
    return { quotaBytes: quotas?.user ?? null, usedBytes, files };
  }

  async usageOfDataset(datasetId: string): Promise<Usage> {
    const quotas = await this.of(datasetOwner(datasetId));
    const { usedBytes, files } = await this.usage.countDataset(datasetId);
    return { quotaBytes: quotas?.dataset ?? null, usedBytes, files };
  }

  /** Only what nobody has stored yet needs room. */
  private async admitToInstallation(
    tx: Transaction,
    caller: Principal,
    contents: readonly SizedContent[],
    alongside: readonly SizedContent[],
  ): Promise<void> {
    const { quotaBytes, usedBytes } = this.installation;
    if (quotaBytes === null) return;
    const neededBytes = await this.usage.countNew(tx, contents);
    refuseOver(caller, null, { quota: 'installation', neededBytes, usedBytes }, quotaBytes);
    const more = alongside.length > 0 ? await this.usage.countNew(tx, alongside) : 0;
    this.installation.addAfter(tx, neededBytes + more);
  }

  private async refuseByInstallation(
    caller: Principal,
    { atLeast, atMost }: { atLeast: number; atMost: number },
  ): Promise<void> {
    const { quotaBytes, usedBytes } = this.installation;
    if (quotaBytes === null || usedBytes + atLeast <= quotaBytes) return;
    // The caller's own only: that others have a content of this size is not the caller's to know.
    if (await this.usage.hasOfSize(caller.id, atLeast, atMost)) return;
    const finding = { quota: 'installation', neededBytes: atLeast, usedBytes } as const;
    refuseOver(caller, null, finding, quotaBytes);
  }

  /** What is known is enough to let in; to refuse, all is counted, in which what was given up shows. */
  private async reserve(
    tx: Transaction,
    caller: Principal,
    holder: Holder & { userId: string; atMost: number | null },
    bytes: { added: number; alongside: number },
    count: () => Promise<{ usedBytes: number; neededBytes: number }>,
  ): Promise<void> {
    const { quota, id, userId, atMost } = holder;
    let next = atMost === null ? null : atMost + bytes.added + bytes.alongside;
    if (bytes.added > 0 && (next === null || next > holder.bytes)) {
      const { usedBytes, neededBytes } = await count();
      refuseOver(caller, userId, { quota, neededBytes, usedBytes }, holder.bytes);
      next = usedBytes + neededBytes + bytes.alongside;
    }
    if (next !== null) await this.usage.note(tx, quota, id, next);
  }

  private async of(owner: ReferenceOwner, tx?: Transaction): Promise<Quotas | null> {
    const own = await this.usage.find(owner, tx);
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
    ...(dataset === null ? [] : [{ quota: 'dataset' as const, id: owner.id, bytes: dataset }]),
    ...(user === null ? [] : [{ quota: 'user' as const, id: userId, bytes: user }]),
  ];
}

const bytesOf = (contents: readonly SizedContent[]): number =>
  contents.reduce((sum, { size }) => sum + size, 0);

const withNeeded =
  (neededBytes: number) =>
  ({ usedBytes }: { usedBytes: number }) => ({ usedBytes, neededBytes });

/** @throws QuotaExceededError */
function refuseOver(
  caller: Principal,
  userId: string | null,
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
