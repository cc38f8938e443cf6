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
  ContentHashConflictError,
  DigestMismatchError,
  SizeMismatchError,
  UploadLeaseLostError,
} from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { Attempts, type Attempt } from './attempts.js';
import { IntentsRepository } from './intents.repository.js';
import { receive, type ReceivedContent } from './receive.js';
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
    const attempt = await this.attempts.begin(randomUUID(), options.expectedSize);
    try {
      const received = await this.receiveAll(content, attempt, options);
      faultPoint('C3');
      attempt.content = received;
      // Bytes that are stored already need not become visible a second time; should the row be
      // gone when it is to be referenced, `publish` has them made visible then.
      if (!(await this.isStored(received))) await this.attempts.makeVisible(attempt);
      const { fileType, fileName, mimeType, compressionType, metadata } = options;
      return {
        attemptId: attempt.id,
        contentHash: received.contentHash,
        size: received.size,
        fileType,
        fileName,
        mimeType,
        compressionType,
        metadata,
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
    const losers: { attempt: Attempt; file: StoredObject }[] = [];
    const won: Attempt[] = [];
    // In the order of the hashes, so that two requests with the same files can't wait for each other.
    for (const artifact of [...staged].sort(byContentHash)) {
      const attempt = this.attempts.get(artifact.attemptId);
      const file = await this.reference(tx, attempt, staged);
      await this.files.insertReference(tx, file.id, owner, artifact, attempt.id);
      if (file.storageKey === attempt.path) {
        await this.intents.remove(tx, attempt.id);
        won.push(attempt);
      } else {
        losers.push({ attempt, file });
      }
      ids.set(artifact.attemptId, file.id);
    }
    const [first] = staged;
    if (first) tx.verifyCommitWith(() => this.wasCommitted(first.attemptId));
    tx.afterCommit(async () => {
      faultPoint(losers.length > 0 ? 'C5' : 'C8');
      for (const attempt of won) this.attempts.end(attempt);
      for (const { attempt, file } of losers) await this.settlement.settle(attempt, file);
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
      // The stream only says that it was destroyed; the signal knows why.
      throw stop.aborted ? stop.reason : error;
    }
  }

  private async isStored(content: ReceivedContent): Promise<boolean> {
    const file = await this.files.findHealthyByHash(content.contentHash);
    return file !== null && file.size === content.size && (await this.settlement.isWhole(file));
  }

  /** The row of this content with one reference more. Locks it until the transaction ends. */
  private async reference(
    tx: Transaction,
    attempt: Attempt,
    staged: readonly StagedArtifact[],
  ): Promise<StoredObject> {
    const { contentHash, size, blockCrcs } = attempt.content;
    if (!(await this.intents.lockWrite(tx, attempt.id, this.env.UPLOAD_LEASE_SECONDS))) {
      throw new UploadLeaseLostError();
    }
    // The plain UPDATE first: ON CONFLICT burns a serial for every hit.
    let file = await this.files.bumpHealthy(tx, contentHash);
    if (!file && !attempt.visible) {
      throw new RetryTransaction(async () => {
        for (const { attemptId } of staged) {
          await this.attempts.makeVisible(this.attempts.get(attemptId));
        }
      });
    }
    file ??= await this.files.insertOrBump(tx, {
      contentHash,
      size,
      blockCrcs,
      backend: attempt.backend,
      storageKey: attempt.path,
    });
    if (file.size !== size) throw new ContentHashConflictError();
    return file;
  }

  /** Whether the transaction that published this attempt took effect; waits for its session. */
  private async wasCommitted(attemptId: string): Promise<boolean> {
    await this.intents.awaitRelease(attemptId);
    return await this.files.hasReferenceOfAttempt(attemptId);
  }
}

const byContentHash = (a: StagedArtifact, b: StagedArtifact): number =>
  a.contentHash < b.contentHash ? -1 : Number(a.contentHash > b.contentHash);
