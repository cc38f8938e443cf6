import type { Transaction } from '../database/unit-of-work.js';
import type { ReferenceOwner } from './file-references.contract.js';
import type { PrincipalId } from './ids.js';
import type { Principal } from './principal.contract.js';

export const QUOTAS = Symbol('IQuotas');

/** What somebody keeps, each content counted once. */
export interface Usage {
  /** `null`: there is no quota. */
  quotaBytes: number | null;
  usedBytes: number;
  /** Distinct contents. */
  files: number;
}

/** Which quota has no room, as members of the problem. */
export interface QuotaFinding {
  quota: 'user' | 'dataset' | 'installation';
  neededBytes: number;
  /**
   * These two not to whoever writes to a dataset of another, and of the installation to admins alone: how
   * much others keep is their own affair.
   */
  quotaBytes?: number;
  usedBytes?: number;
}

/** Bytes by their content. */
export interface SizedContent {
  /** SHA-256, lower-case hex. */
  readonly contentHash: string;
  readonly size: number;
}

/**
 * How many bytes users and datasets may keep. Bytes are those of distinct contents, whoever else keeps
 * them too: a user's are of the user's holds and of the datasets that the user owns, together; a
 * dataset's are of all its versions and their overlays. What is deleted counts until it is given up.
 *
 * A quota of the whole installation (STORAGE_QUOTA_BYTES) counts each content once; what is given up
 * counts until the collector has come. It is kept without uploads waiting for each other, so it can be
 * exceeded by what is published at the same moment, and by what other replicas publish in a few seconds.
 */
export interface IQuotas {
  /**
   * Whether the owner's quotas have room for these contents; to be asked in the transaction that adds
   * references on them, before it does. Until it ends, nobody else adds to what the same user keeps:
   * uploads that come together can't exceed a quota together. What the owner has already needs no
   * room, so moves, restores and merges that add nothing are always let through. Without a quota this
   * is one look-up by key; with one it is two statements more, whatever the owner keeps. It refuses by a
   * count that is at most five seconds old and older than no `givenUp`; without one it throws
   * `RetryTransaction`, so that the count holds no lock and no connection of others.
   * @param alongside what the service itself adds: counted, and no reason to refuse
   * @throws QuotaExceededError
   */
  admit(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    contents: readonly SizedContent[],
    alongside?: readonly SizedContent[],
  ): Promise<void>;
  /**
   * Tells before a body is received that what it brings can't be kept. Says nothing when the caller has
   * a content of about this size already: it may be the same. `admit` decides.
   * @param bytes how much of a content comes, at least and at most
   * @throws QuotaExceededError
   */
  refuseEarly(caller: Principal, bytes: { atLeast: number; atMost: number }): Promise<void>;
  /**
   * Whether a user has room for a dataset that is to become the user's; in the transaction that makes
   * it so and has locked the dataset, before it does.
   * @throws QuotaExceededError
   */
  admitDataset(
    tx: Transaction,
    caller: Principal,
    datasetId: string,
    newOwnerId: PrincipalId,
  ): Promise<void>;
  /**
   * To be told in the transaction that gives up references: after its commit there may be room again at
   * once. What is given up untold (by the releaser of deleted versions, by the end of a hold) is seen
   * within five seconds.
   */
  givenUp(tx: Transaction, owner: ReferenceOwner): void;
  /**
   * What a user keeps, as counted within the last five seconds where nothing is known to have changed
   * since; of a user without a quota, nothing is. A count takes 0.1 s for 10,000 files and 0.6 s for
   * 100,000, on two busy cores; those who ask at the same time share one.
   */
  usageOfUser(userId: PrincipalId): Promise<Usage>;
  /** The same of a dataset. */
  usageOfDataset(datasetId: string): Promise<Usage>;
}
