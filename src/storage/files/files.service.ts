import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import canonicalize from 'canonicalize';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../core/contracts/artifact-producer.contract.js';
import {
  FILE_REFERENCES,
  holdOf,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import { DIRECTORY, type IDirectory } from '../../core/contracts/directory.contract.js';
import { MAX_FILE_ID, type FileId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { FileNotFoundError, UnauthenticatedError } from '../../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import type { IdempotencyClaim } from '../../core/idempotency/idempotency.service.js';
import { hexOfContentHash } from './content-hash.js';
import { FileChanges } from './file-changes.service.js';
import { FilesRepository, type FileView } from './files.repository.js';

export type CreatedFile = FileView & { deduplicated: boolean };

export interface PreflightAnswer {
  contentHash: string;
  file: { id: FileId; size: number } | null;
}

const LIST = 'files';
const isFileId = (key: unknown): key is FileId =>
  Number.isInteger(key) && Math.abs(key as number) <= MAX_FILE_ID;

/** Files that callers hold. A caller's hold lasts until the caller gives it up. */
@Injectable()
export class FilesService {
  constructor(
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    @Inject(DIRECTORY) private readonly directory: IDirectory,
    private readonly files: FilesRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: FileChanges,
  ) {}

  /**
   * Makes staged uploads files of the caller, all or none, each with one hold, in the order given.
   * When the claim holds an earlier answer for the same content, that is the answer and nothing is
   * kept. The staged bytes are the caller's to discard when this throws.
   * @throws QuotaExceededError, IdempotencyKeyReusedError when the claim's earlier answer was for other
   *   content
   */
  async create(
    caller: Principal,
    staged: readonly StagedArtifact[],
    claim: IdempotencyClaim,
  ): Promise<CreatedFile[]> {
    const digest = digestOf(staged);
    const earlier = claim.replay(digest);
    if (earlier !== undefined) {
      await this.producer.discard(staged);
      return (earlier as CreatedFile[]).map((file) => ({
        ...file,
        // Recorded as JSON.
        expiresAt: file.expiresAt && new Date(file.expiresAt),
        createdAt: new Date(file.createdAt),
      }));
    }
    return await this.unitOfWork.run(async (tx) => {
      const created = await this.createIn(tx, caller, staged);
      await claim.complete(tx, digest, created);
      return created;
    });
  }

  /**
   * As `create`, in a transaction that does more.
   * @param origin for the log: the resumable upload that they came by
   * @throws QuotaExceededError
   */
  async createIn(
    tx: Transaction,
    caller: Principal,
    staged: readonly StagedArtifact[],
    origin?: { uploadId: string },
  ): Promise<CreatedFile[]> {
    const owner = holdOf(caller.id);
    if (!(await this.directory.keep(tx, 'user', caller.id))) throw new UnauthenticatedError();
    await this.references.admit(tx, caller, owner, staged);
    await this.producer.publish(tx, staged, owner);
    const created: CreatedFile[] = [];
    for (const { attemptId } of staged) {
      created.push(await this.files.findCreated(tx, caller, attemptId));
    }
    await this.changes.uploaded(tx, caller, created, origin);
    return created;
  }

  /** @throws FileNotFoundError when there is none that the caller may read */
  async get(caller: Principal, id: FileId): Promise<FileView> {
    const file = await this.files.find(caller, id);
    if (!file) throw new FileNotFoundError();
    return file;
  }

  /** Those of these that the caller may read. */
  async getAll(caller: Principal, ids: readonly FileId[]): Promise<Map<FileId, FileView>> {
    const views = await Promise.all([...new Set(ids)].map((id) => this.files.find(caller, id)));
    return new Map(views.filter((view) => view !== null).map((view) => [view.id, view]));
  }

  /** Newest first. @throws CursorMismatchError */
  async list(
    caller: Principal,
    query: { contentHash?: string; cursor?: string; limit: number },
  ): Promise<Page<FileView>> {
    const contentHash =
      query.contentHash === undefined ? null : hexOfContentHash(query.contentHash);
    const filters = { contentHash };
    const before = decodeCursor(query.cursor, LIST, filters, isFileId);
    const files = await this.files.list(caller, { contentHash, before, limit: query.limit + 1 });
    return pageOf(files, query.limit, ({ id }) => encodeCursor(id, LIST, filters));
  }

  /** Those of these contents (SHA-256, lower-case hex) that the caller may read. */
  async findReadable(
    caller: Principal,
    hashes: readonly string[],
  ): Promise<Map<string, { id: FileId; size: number }>> {
    return hashes.length === 0 ? new Map() : await this.files.findReadable(caller, hashes);
  }

  /** Which of these contents the caller may use without sending them, in the order given. */
  async preflight(caller: Principal, digests: readonly string[]): Promise<PreflightAnswer[]> {
    const hashes = digests.map(hexOfContentHash);
    const found = await this.files.findReadable(caller, hashes);
    return hashes.map((contentHash) => ({ contentHash, file: found.get(contentHash) ?? null }));
  }

  /**
   * Gives up every hold of the caller on this file. Whoever else refers to it keeps it; without
   * any reference its bytes go after their grace.
   * @throws FileNotFoundError when there is none that the caller may read
   */
  async release(caller: Principal, id: FileId): Promise<void> {
    await this.get(caller, id);
    await this.unitOfWork.run(async (tx) => {
      const released = await this.references.release(tx, id, holdOf(caller.id));
      if (released > 0) await this.changes.released(tx, caller, id, released);
    });
  }
}

/** What was asked for, for `Idempotency-Key`: the bytes and everything said of them. */
function digestOf(staged: readonly StagedArtifact[]): string {
  const asked = staged.map(({ attemptId: _, ...rest }) => rest);
  return createHash('sha256')
    .update(canonicalize(asked) ?? '')
    .digest('hex');
}
