import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { FileId } from '../../core/contracts/ids.js';
import {
  STORAGE_BACKEND,
  type ByteRange,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import {
  FileNotFoundError,
  ObjectCorruptError,
  ObjectMissingError,
  ObjectNotFoundError,
} from '../../core/errors/index.js';
import { BLOCK_BYTES } from '../ingest/block-crcs.js';
import { StoredFilesRepository, type StoredObject } from '../ingest/stored-files.repository.js';
import { inBlocks } from './in-blocks.js';

/**
 * Bytes of files, verified while they are read: a whole file against its SHA-256, a part against
 * the CRC-32 of each MiB it touches. A stream whose bytes are wrong fails before its end, so that
 * no reader takes damaged bytes for good ones.
 */
@Injectable()
export class ContentReader {
  private readonly logger = new Logger(ContentReader.name);

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    private readonly files: StoredFilesRepository,
  ) {}

  /**
   * The content of a file, or a part of it. The range must lie within the file.
   * @param by what the whole is verified by: CRC-32s cost a tenth, and find what a disk does to bytes
   * @throws FileNotFoundError, ObjectMissingError, ObjectCorruptError (its size is wrong)
   */
  async open(
    id: FileId,
    range?: ByteRange,
    by: 'sha-256' | 'crc-32' = 'sha-256',
  ): Promise<Readable> {
    const [file, source] = await this.locate(id, (key) =>
      this.backend.readStream(key, range && blocksOf(range)),
    );
    const whole = { start: 0, end: file.size - 1 };
    const isWhole = !range || (range.start === 0 && range.end === whole.end);
    const verified =
      isWhole && by === 'sha-256'
        ? this.wholeOf(file, source)
        : this.partOf(file, source, range ?? whole);
    const content = Readable.from(verified, { objectMode: false, highWaterMark: BLOCK_BYTES });
    // A generator that was never begun is never ended either, and would leave the source open.
    return content.once('close', () => source.destroy());
  }

  /**
   * Makes the content readable at a path of this machine, without a copy: its bytes are not verified, see
   * `verify`.
   * @returns `false` when the store can't; then nothing is there
   * @throws FileNotFoundError, ObjectMissingError, ObjectCorruptError (its size is wrong)
   */
  async link(id: FileId, target: string): Promise<boolean> {
    const [, isLinked] = await this.locate(id, (key) => this.backend.link(key, target));
    return isLinked;
  }

  /**
   * Reads the whole content, unless that was done, or it was written, so few milliseconds ago.
   * @throws FileNotFoundError, ObjectMissingError, ObjectCorruptError
   */
  async verify(id: FileId, atMostAgo: number): Promise<void> {
    const file = await this.files.findById(id);
    if (!file) throw new FileNotFoundError();
    if (file.health === 'ok' && Date.now() - file.verifiedAt.getTime() < atMostAgo) return;
    await finished((await this.open(id)).resume());
    await this.files.markHealth(id, file.storageKey, 'ok');
  }

  /** What the bytes of a file are. @throws FileNotFoundError */
  async describe(id: FileId): Promise<Pick<StoredObject, 'contentHash' | 'size'>> {
    const file = await this.files.findById(id);
    if (!file) throw new FileNotFoundError();
    return file;
  }

  private async locate<T>(
    id: FileId,
    reach: (storageKey: string) => Promise<T>,
  ): Promise<[StoredObject, T]> {
    // Twice, since a heal may have moved the bytes between the row and the read.
    for (let tries = 0; tries < 2; tries += 1) {
      const file = await this.files.findById(id);
      if (!file) throw new FileNotFoundError();
      try {
        await this.checkSize(file);
        return [file, await reach(file.storageKey)];
      } catch (error) {
        if (!(error instanceof ObjectNotFoundError)) throw error;
        if (tries > 0) await this.report(file, 'missing');
      }
    }
    throw new ObjectMissingError();
  }

  private async checkSize(file: StoredObject): Promise<void> {
    const { size } = await this.backend.getFileInfo(file.storageKey);
    if (size === file.size) return;
    await this.report(file, 'corrupt');
    throw new ObjectCorruptError();
  }

  private async crcsOf(file: StoredObject, range: ByteRange): Promise<Buffer> {
    const [first, last] = [range.start, range.end].map((byte) => Math.floor(byte / BLOCK_BYTES));
    return await this.files.blockCrcs(file.id, first as number, last as number);
  }

  private async *wholeOf(file: StoredObject, source: Readable): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    // The last chunk is held back until the digest is known.
    let held: Buffer | null = null;
    for await (const chunk of source) {
      hash.update(chunk as Buffer);
      if (held) yield held;
      held = chunk as Buffer;
    }
    if (hash.digest('hex') !== file.contentHash) await this.fail(file);
    if (held) yield held;
  }

  private async *partOf(
    file: StoredObject,
    source: Readable,
    range: ByteRange,
  ): AsyncGenerator<Buffer> {
    const crcs = await this.crcsOf(file, range);
    let offset = blocksOf(range).start;
    let block = 0;
    for await (const bytes of inBlocks(source, BLOCK_BYTES)) {
      const isIntact = block * 4 < crcs.length && crcs.readUInt32BE(block * 4) === crc32(bytes);
      if (!isIntact) await this.fail(file);
      yield bytes.subarray(Math.max(range.start - offset, 0), range.end - offset + 1);
      offset += bytes.length;
      block += 1;
    }
    if (offset <= range.end) await this.fail(file);
  }

  private async fail(file: StoredObject): Promise<never> {
    await this.report(file, 'corrupt');
    throw new ObjectCorruptError();
  }

  private async report(file: StoredObject, health: 'missing' | 'corrupt'): Promise<void> {
    this.logger.error(
      { fileId: file.id, storageKey: file.storageKey },
      `Stored bytes are ${health}.`,
    );
    await this.files.markHealth(file.id, file.storageKey, health);
  }
}

/** The range widened to whole blocks; its end may lie past the end of the file. */
function blocksOf({ start, end }: ByteRange): ByteRange {
  return {
    start: Math.floor(start / BLOCK_BYTES) * BLOCK_BYTES,
    end: (Math.floor(end / BLOCK_BYTES) + 1) * BLOCK_BYTES - 1,
  };
}
