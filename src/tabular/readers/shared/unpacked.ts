import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, type Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { LocalContent } from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';

export type Compression = 'gzip' | 'zstd';

const MIB = 1024 * 1024;
/** Bytes of a piece: small enough to hold some, large enough that a row seldom lies in two. */
const PIECE = MIB;
const HEAD_BYTES = 64 * 1024;

/** Unpacked bytes for each packed one: what is honest, and larger than the floor, stays below it. */
const MAX_RATIO = 200;
const RATIO_FLOOR = 64 * MIB;
/** Bytes. */
const MAX_UNPACKED = 64 * 1024 * MIB;

/** By its first bytes, whatever its user says. */
export function compressionOf(head: Uint8Array): Compression | null {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  const zstd = head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
  return zstd ? 'zstd' : null;
}

function decompressor(compression: Compression): Transform {
  const options = { chunkSize: PIECE };
  if (compression === 'gzip') return zlib.createGunzip(options);
  // Node 22 has it from 22.15 on.
  if (typeof zlib.createZstdDecompress !== 'function') {
    throw new UnreadableTableError('zstd can be read with Node 22.15 and later.');
  }
  return zlib.createZstdDecompress(options);
}

export async function bytesAt(path: string, position: number, count: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What stops a stream that unpacks to a multiple of itself that no honest table reaches. */
export function refuseBomb(packed: number, unpacked: number): void {
  if (unpacked > RATIO_FLOOR && unpacked > packed * MAX_RATIO) {
    throw new UnreadableTableError(
      `The file unpacks to more than ${MAX_RATIO} times its ${packed} bytes.`,
    );
  }
  if (unpacked > MAX_UNPACKED) throw new UnreadableTableError('The file unpacks to over 64 GiB.');
}

export async function contentCompression(content: LocalContent): Promise<Compression | null> {
  return compressionOf(await bytesAt(content.path, 0, 4));
}

/**
 * The bytes of a content, unpacked where it is gzip or zstd, in pieces of at most 1 MiB.
 * @throws UnreadableTableError for what is damaged or a bomb
 */
export async function* unpackedBytes(content: LocalContent): AsyncGenerator<Buffer> {
  const file = createReadStream(content.path, { highWaterMark: PIECE });
  const compression = await contentCompression(content);
  if (!compression) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  // Its failure reaches the loop through the stream itself.
  const stream: Readable = pipeline(file, decompressor(compression), () => undefined);
  let unpacked = 0;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      unpacked += piece.length;
      refuseBomb(content.size, unpacked);
      yield piece;
    }
  } catch (cause) {
    if (cause instanceof UnreadableTableError) throw cause;
    const detail = `The ${compression} data are damaged after ${unpacked} unpacked bytes: ${(cause as Error).message}.`;
    throw new UnreadableTableError(detail, {}, cause);
  }
}

/** The first bytes, at most 64 KiB, unpacked as far as they are whole. */
export async function headOf(content: LocalContent): Promise<Uint8Array> {
  const head = await bytesAt(content.path, 0, HEAD_BYTES);
  const compression = compressionOf(head);
  if (!compression) return head;
  const unpack = decompressor(compression);
  const parts: Buffer[] = [];
  let length = 0;
  unpack.end(head);
  try {
    for await (const part of unpack as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length >= HEAD_BYTES) break;
    }
  } catch {
    // Cut off after 64 KiB, or damaged: what came before is what can be looked at.
  }
  return Buffer.concat(parts).subarray(0, HEAD_BYTES);
}

/** The content itself or, when it is compressed as a whole, what is in it, as a file of the job's folder. */
export async function unpackedContent(
  content: LocalContent,
  folder: string,
): Promise<LocalContent> {
  if (!(await contentCompression(content))) return content;
  // As often as it is asked for: rare, and the job's folder ends with the job.
  const path = join(folder, `${randomUUID()}.unpacked`);
  await writeFile(path, unpackedBytes(content));
  return { ...content, path, size: (await stat(path)).size };
}
