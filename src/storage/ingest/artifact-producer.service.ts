import { randomUUID } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type {
  ArtifactOptions,
  IArtifactProducer,
  StagedArtifact,
  StageOptions,
} from '../../core/contracts/artifact-producer.contract.js';
import type { ReferenceOwner } from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import { ENV, type Env } from '../../core/config/config.js';
import { RetryTransaction, UnitOfWork, type Transaction } from '../../core/database/index.js';
import {
  AppError,
  ContentHashConflictError,
  DigestMismatchError,
  SizeMismatchError,
  UploadLeaseLostError,
} from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { isTrusted } from '../entities/stored-file.entity.js';
import { Attempts, type Attempt } from './attempts.js';
import { IntentsRepository } from './intents.repository.js';
import type { ReceivedContent } from './content-hasher.js';
import { receive } from './receive.js';
import { Settlement } from './settlement.service.js';
import { StoredFilesRepository, type StoredObject } from './stored-files.repository.js';

/**
 * The ingest protocol, docs/decisions/0004. Three rules carry it:
 * R1 a storage key is used by one attempt only and never again;
 * R2 every object is named by a row of `files` or by an intent, from before its first byte;
 * R3 an upload drops its own bytes only after its reference is committed on a row whose object it
 *    has just seen with the right size.
 */
@Injectable()
export class ArtifactProducer implements IArtifactProducer {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly intents: IntentsRepository,
    private readonly files: StoredFilesRepository,
    private readonly attempts: Attempts,
    private readonly settlement: Settlement,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async createArtifact(content: Readable, options: ArtifactOptions): Promise<FileId> {
    const staged = await this.stage(content, options);
    try {
      const [id] = await this.unitOfWork.run((tx) => this.publish(tx, [staged], options.owner));
      return id as FileId;
    } catch (error) {
      await this.discard([staged]);
      throw error;
    }
  }

  async stage(content: Readable, options: StageOptions): Promise<StagedArtifact> {
    const { expectedSize: expected, sizeAtMost: atMost } = options;
    const attempt = await this.attempts.begin(randomUUID(), { expected, atMost });
    try {
      const received = await this.receiveAll(content, attempt, options);
      attempt.space.release();
      faultPoint('C3');
      attempt.content = received;
      await this.settlement.examine(attempt);
      const { fileType, fileName, mimeType, compressionType, metadata, expiresAt } = options;
      return {
        attemptId: attempt.id,
        contentHash: received.contentHash,
        size: received.size,
        fileType,
        fileName,
        mimeType,
        compressionType,
        metadata,
        expiresAt,
      };
    } catch (error) {
      await this.attempts.rollBack(attempt);
      throw error;
    }
  }

  async publish(
    tx: Transaction,
    staged: readonly StagedArtifact[],
    owner: ReferenceOwner,
  ): Promise<FileId[]> {
    const ids = new Map<string, FileId>();
    const publication: Publication = { tx, staged, winners: [], losers: [] };
    // In the order of the hashes, so that two requests with the same files can't wait for each other.
    for (const artifact of [...staged].sort(byContentHash)) {
      const attempt = this.attempts.get(artifact.attemptId);
      const file = await this.reference(publication, attempt);
      await this.files.insertReference(tx, file.id, owner, artifact, attempt.id);
      ids.set(artifact.attemptId, file.id);
    }
    const { winners, losers } = publication;
    const [first] = staged;
    if (first) tx.verifyCommitWith(() => this.wasCommitted(first.attemptId));
    tx.afterCommit(async () => {
      faultPoint(losers.length > 0 ? 'C5' : 'C8');
      for (const attempt of winners) this.attempts.end(attempt);
      for (const attempt of losers) await this.settlement.drop(attempt);
    });
    faultPoint(losers.length > 0 ? 'C4' : 'C7');
    return staged.map(({ attemptId }) => ids.get(attemptId) as FileId);
  }

  async discard(staged: readonly StagedArtifact[]): Promise<void> {
    for (const { attemptId } of staged) {
      const attempt = this.attempts.find(attemptId);
      if (attempt) await this.attempts.rollBack(attempt);
    }
  }

  private async receiveAll(
    content: Readable,
    attempt: Attempt,
    options: StageOptions,
  ): Promise<ReceivedContent> {
    const signals = [attempt.fenced, ...(options.signal ? [options.signal] : [])];
    const stop = AbortSignal.any(signals);
    try {
      stop.throwIfAborted();
      const received = await receive(
        addAbortSignal(stop, content),
        attempt.staged,
        this.env.UPLOAD_MAX_BYTES,
        (bytes) => attempt.space.received(bytes),
      );
      const { expectedSize, expectedSha256 } = options;
      if (expectedSize !== undefined && expectedSize !== received.size) {
        throw new SizeMismatchError(expectedSize, received.size);
      }
      if (expectedSha256 !== undefined && expectedSha256 !== received.contentHash) {
        throw new DigestMismatchError(expectedSha256, received.contentHash);
      }
      await attempt.staged.seal();
      stop.throwIfAborted();
      return received;
    } catch (error) {
      // A stream only says that it was destroyed; the signal knows why. What has failed by itself
      // before is the cause, though.
      throw stop.aborted && !(error instanceof AppError) ? stop.reason : error;
    }
  }

  /** The row of this content with one reference more. Locks it until the transaction ends. */
  private async reference(publication: Publication, attempt: Attempt): Promise<StoredObject> {
    const { tx, winners, losers } = publication;
    if (!(await this.intents.lockWrite(tx, attempt.id, this.env.UPLOAD_LEASE_SECONDS))) {
      throw new UploadLeaseLostError();
    }
    const file = await this.countUse(publication, attempt);
    if (file.size !== attempt.content.size) throw new ContentHashConflictError();
    const fate = fateOf(attempt, file, winners);
    if (fate === 'unknown') throw this.afterExamining(publication);
    if (fate === 'drop') {
      losers.push(attempt);
      return file;
    }
    if (fate === 'heal') await this.settlement.heal(tx, attempt, file);
    await this.intents.remove(tx, attempt.id);
    winners.push(attempt);
    return file;
  }

  private async countUse(publication: Publication, attempt: Attempt): Promise<StoredObject> {
    const { contentHash, size, blockCrcs } = attempt.content;
    // The plain UPDATE first: ON CONFLICT burns a serial for every hit.
    const file = await this.files.bumpByHash(publication.tx, contentHash);
    if (file) return file;
    if (!attempt.visible) throw this.afterExamining(publication);
    const { backend, path: storageKey } = attempt;
    const object = { contentHash, size, blockCrcs, backend, storageKey };
    return await this.files.insertOrBump(publication.tx, object);
  }

  /** What is stored has changed since it was looked at: the transaction is run after another look. */
  private afterExamining({ staged }: Publication): RetryTransaction {
    return new RetryTransaction(async () => {
      for (const { attemptId } of staged) {
        await this.settlement.examine(this.attempts.get(attemptId));
      }
    });
  }

  /** Whether the transaction that published this attempt took effect; waits for its session. */
  private async wasCommitted(attemptId: string): Promise<boolean> {
    await this.intents.awaitRelease(attemptId);
    return await this.files.hasReferenceOfAttempt(attemptId);
  }
}

/** What one transaction publishes, and what it has found so far of whose bytes stay. */
interface Publication {
  tx: Transaction;
  staged: readonly StagedArtifact[];
  /** Their bytes are a file's now. */
  winners: Attempt[];
  /** Their bytes are dropped after the commit. */
  losers: Attempt[];
}

type Fate = 'keep' | 'drop' | 'heal' | 'unknown';

/** What becomes of an attempt's bytes, now that the row of its content is locked. */
function fateOf(attempt: Attempt, file: StoredObject, winners: readonly Attempt[]): Fate {
  if (file.storageKey === attempt.path) return 'keep';
  // The same content twice in one request: the other one's bytes are as good.
  if (winners.some(({ path }) => path === file.storageKey)) return 'drop';
  const { seen } = attempt;
  if (seen?.storageKey !== file.storageKey) return 'unknown';
  if (!seen.isWhole) return 'heal';
  return isTrusted(file.health) ? 'drop' : 'unknown';
}

const byContentHash = (a: StagedArtifact, b: StagedArtifact): number =>
  a.contentHash < b.contentHash ? -1 : Number(a.contentHash > b.contentHash);
