import { Injectable } from '@nestjs/common';
import type {
  FileUse,
  IFileReferences,
  ReferenceOwner,
} from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import type { Transaction } from '../../core/database/index.js';
import { FileNotFoundError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { StoredFilesRepository } from '../ingest/stored-files.repository.js';

@Injectable()
export class FileReferences implements IFileReferences {
  constructor(private readonly files: StoredFilesRepository) {}

  async acquire(
    tx: Transaction,
    fileId: FileId,
    owner: ReferenceOwner,
    use: FileUse,
  ): Promise<void> {
    if (!(await this.files.bumpById(tx, fileId))) throw new FileNotFoundError();
    await this.files.insertReference(tx, fileId, owner, use, null);
  }

  async release(tx: Transaction, fileId: FileId, owner: ReferenceOwner): Promise<number> {
    const released = await this.files.removeReferences(tx, fileId, owner);
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
