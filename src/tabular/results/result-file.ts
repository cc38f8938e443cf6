import type { Readable } from 'node:stream';
import type { ByteRange } from '../../core/contracts/storage-backend.contract.js';
import type { WrittenFile } from '../engine/written-file.js';
import type { KeptResult } from './derived-results.repository.js';

/** A result that is a file: kept, or just written and soon kept. */
export interface ResultFile {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, lower-case hex. */
  contentHash(): Promise<string>;
  /** Its bytes, or a part of them. @throws what reading an artifact throws; what keeping it has thrown */
  open(range?: ByteRange): Promise<Readable>;
  /** Its artifact, made now if it is not yet. @throws StorageFullError; what verifying its sources throws */
  keep(): Promise<KeptResult>;
}

/** One that is an artifact. */
export class KeptFile implements ResultFile {
  constructor(
    private readonly kept: KeptResult,
    private readonly read: (kept: KeptResult, range?: ByteRange) => Promise<Readable>,
  ) {}

  get size(): number {
    return this.kept.size;
  }

  async contentHash(): Promise<string> {
    return this.kept.contentHash;
  }

  async open(range?: ByteRange): Promise<Readable> {
    return await this.read(this.kept, range);
  }

  async keep(): Promise<KeptResult> {
    return this.kept;
  }
}

/** One that a child has just written, and which is an artifact when it is given up. */
export class FreshFile implements ResultFile {
  private kept: Promise<KeptFile> | null = null;

  constructor(
    private readonly file: WrittenFile,
    /** Gives the file up. */
    private readonly publish: () => Promise<KeptFile>,
  ) {}

  get size(): number {
    return this.file.size;
  }

  get isRead(): boolean {
    return this.file.isRead;
  }

  async contentHash(): Promise<string> {
    const held = this.file.isHeld ? this.file : await this.artifact();
    return await held.contentHash();
  }

  async open(range?: ByteRange): Promise<Readable> {
    return this.file.isHeld ? this.file.read(range) : await (await this.artifact()).open(range);
  }

  async keep(): Promise<KeptResult> {
    return await (await this.artifact()).keep();
  }

  private async artifact(): Promise<KeptFile> {
    this.kept ??= this.publish();
    return await this.kept;
  }
}
