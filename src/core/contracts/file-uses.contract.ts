import { DiscoveryService } from '@nestjs/core';
import type { Transaction } from '../database/unit-of-work.js';
import type { FileId } from './ids.js';

/** Marks a provider that is an `IFileUses`; whoever asks finds all of them. */
export const FileUses = DiscoveryService.createDecorator();

/** A row of a slice that names a file without holding the reference that it says it holds. */
export interface UnheldUse {
  fileId: FileId;
  /** Which row it is, for people. */
  what: string;
}

/** What a slice has in the files that it refers to: for checks, and to tell whose bytes are lost. */
export interface IFileUses {
  /** Where the slice uses this file, for people; at most so many. */
  usesOf(tx: Transaction, fileId: FileId, limit: number): Promise<string[]>;
  /**
   * Looks at the next rows, those after this place; `null` begins. One statement, so that what others
   * change meanwhile is seen as a whole or not at all.
   * @returns `next`: where to go on; `null` at the end
   */
  unheldAfter(
    tx: Transaction,
    after: string | null,
    limit: number,
  ): Promise<{ unheld: UnheldUse[]; next: string | null }>;
}
