import type { IFileUses } from '../../core/contracts/file-uses.contract.js';
import type { IStorageBackend } from '../../core/contracts/storage-backend.contract.js';
import type { Transaction, UnitOfWork } from '../../core/database/index.js';
import type { Stranger } from '../backends/stranger.js';
import { isLeft, type FsckFinding, type FsckOptions, type FsckProgress } from './findings.js';
import { FsckRepository } from './fsck.repository.js';
import { RepairsRepository } from './repairs.repository.js';

/** What a run works on. */
export interface FsckParts {
  unitOfWork: UnitOfWork;
  backend: IStorageBackend;
  /** What lies in the store and is no object. */
  strangers: AsyncIterable<Stranger>;
  /** What slices have in files. */
  uses: readonly IFileUses[];
  /** Seconds that bytes without a row stay. */
  retainSeconds: number;
}

export interface FsckRunOptions extends FsckOptions {
  /** Ends it between two steps. */
  signal?: AbortSignal;
  /** Told of each finding, in no promised order. */
  onFinding: (finding: FsckFinding) => void;
  /** Told whenever something was done: often. */
  onProgress?: (progress: Readonly<FsckProgress>) => void;
}

type Found = Omit<FsckFinding, 'outcome'>;

/** What the parts of one run share: what was found so far, and how it is repaired. */
export class FsckContext {
  readonly repository = new FsckRepository();
  readonly repairs = new RepairsRepository();
  readonly progress: FsckProgress = {
    phase: 'intents',
    files: 0,
    filesTotal: 0,
    objects: 0,
    bytes: 0,
    findings: 0,
    left: 0,
    byKind: {},
  };

  constructor(
    readonly parts: FsckParts,
    readonly options: FsckRunOptions,
  ) {}

  /** Something was done; ends the run when it is to end. */
  step(): void {
    this.options.signal?.throwIfAborted();
    this.options.onProgress?.(this.progress);
  }

  read<T>(query: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.parts.unitOfWork.run(query);
  }

  report(found: Found, outcome: FsckFinding['outcome'] = 'reported'): void {
    const finding = { ...found, outcome };
    const { progress } = this;
    progress.findings += 1;
    if (isLeft(finding)) progress.left += 1;
    progress.byKind[found.kind] = (progress.byKind[found.kind] ?? 0) + 1;
    this.options.onFinding(finding);
  }

  /**
   * Reports it, after a repair if one was asked for: in a transaction of its own, which looks again under
   * the lock. What is not so any more is no finding.
   */
  async settle(
    found: Found,
    repair: (tx: Transaction) => Promise<boolean>,
    outcome: 'healed' | 'marked' | 'handed-over' = 'healed',
  ): Promise<void> {
    if (!this.options.repair) this.report(found);
    else if (await this.parts.unitOfWork.run(repair)) this.report(found, outcome);
  }
}
