import { Inject, Injectable } from '@nestjs/common';
import {
  holdOf,
  type AcquiredReference,
  type FileUse,
  type IFileReferences,
  type ReferenceOwner,
} from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { QUOTAS, type IQuotas, type SizedContent } from '../../core/contracts/quotas.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { FileNotFoundError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { FilesRepository } from '../files/files.repository.js';
import { StoredFilesRepository } from '../ingest/stored-files.repository.js';

@Injectable()
export class FileReferences implements IFileReferences {
  constructor(
    @Inject(QUOTAS) private readonly quotas: IQuotas,
    private readonly files: StoredFilesRepository,
    private readonly views: FilesRepository,
  ) {}

  async admit(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    contents: readonly SizedContent[],
    alongside?: readonly SizedContent[],
  ): Promise<void> {
    await this.quotas.admit(tx, caller, owner, contents, alongside);
  }

  async acquire(
    tx: Transaction,
    fileId: FileId,
    owner: ReferenceOwner,
    use: FileUse,
  ): Promise<void> {
    if (!(await this.files.bumpById(tx, fileId))) throw new FileNotFoundError();
    await this.files.insertReference(tx, fileId, owner, use, null);
  }

  async acquireAll(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    uses: readonly (FileUse & { fileId: FileId })[],
  ): Promise<AcquiredReference[]> {
    const ids = [...new Set(uses.map(({ fileId }) => fileId))];
    // Locked first: what is readable then stays so until the commit.
    const locked = await this.files.bumpAll(
      tx,
      uses.map(({ fileId }) => fileId),
    );
    // A key that may not read puts nothing within others' reach but what its user has brought.
    const readable = caller.permissions.has('files:read')
      ? await this.views.whichReadable(tx, caller, ids)
      : await this.views.whichOwned(tx, holdOf(caller.id), ids);
    const strange = ids.filter((id) => !readable.has(id));
    const owned = await this.views.whichOwned(tx, owner, strange);
    const missing = ids.find((id) => !locked.has(id) || !(readable.has(id) || owned.has(id)));
    if (missing !== undefined) throw new FileNotFoundError(missing);
    const referenceIds = await this.files.insertReferences(tx, owner, uses);
    return uses.map(({ fileId }, index) => ({
      referenceId: referenceIds[index] as string,
      ...(locked.get(fileId) as Omit<AcquiredReference, 'referenceId'>),
    }));
  }

  async usesOf(owner: ReferenceOwner): Promise<(FileUse & { fileId: FileId })[]> {
    return await this.views.usesOf(owner);
  }

  async ofAttempts(tx: Transaction, attemptIds: readonly string[]): Promise<AcquiredReference[]> {
    return await this.files.referencesOfAttempts(tx, attemptIds);
  }

  async releaseAll(tx: Transaction, referenceIds: readonly string[]): Promise<void> {
    await this.files.removeReferencesById(tx, referenceIds);
    faultPoint('D1');
  }

  async release(tx: Transaction, fileId: FileId, owner: ReferenceOwner): Promise<number> {
    const released = await this.files.removeReferences(tx, fileId, owner);
    if (released > 0) this.quotas.givenUp(tx, owner);
    faultPoint('D1');
    return released;
  }

  async move(
    tx: Transaction,
    fileId: FileId,
    from: ReferenceOwner,
    to: ReferenceOwner,
  ): Promise<number> {
    return await this.files.moveReferences(tx, fileId, from, to);
  }
}
