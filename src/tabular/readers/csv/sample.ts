import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { UnreadableTableError } from '../../tabular.errors.js';

export type Compression = 'none' | 'gzip' | 'zstd';

/** Parts of an unpacked content. */
export interface Sample {
  head: Buffer;
  /** The last bytes, where they are not in `head`; `null` when the end is too far away. */
  tail: Buffer | null;
  /** Whether `head` is all there is. */
  complete: boolean;
}

const HEAD = 256 * 1024;
const LARGE_HEAD = 17 * 1024 * 1024;
const TAIL = 64 * 1024;
/** So much of a packed content is unpacked to see its end. */
const UNPACKED = 64 * 1024 * 1024;

const starts = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, at) => bytes[at] === byte);

/** By magic bytes: a name may say anything. */
export function compressionOf(head: Uint8Array): Compression {
  if (starts(head, [0x1f, 0x8b, 0x08])) return 'gzip';
  return starts(head, [0x28, 0xb5, 0x2f, 0xfd]) ? 'zstd' : 'none';
}

/** The unpacked content. Faults of the packing are UnreadableTableErrors. */
export async function* unpacked(
  path: string,
  compression: Compression,
): AsyncGenerator<Buffer, void, void> {
  const source = createReadStream(path, { highWaterMark: 1024 * 1024 });
  if (compression === 'none') {
    yield* source as AsyncIterable<Buffer>;
    return;
  }
  const options = { chunkSize: 256 * 1024 };
  const stream: Readable = source.pipe(
    compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options),
  );
  source.once('error', (error) => stream.destroy(error));
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw new UnreadableTableError(
      `The ${compression} packing is damaged after ${bytes} unpacked bytes.`,
      {},
      error,
    );
  } finally {
    source.destroy();
    stream.destroy();
  }
}

/** @param large for contents of lines that are longer than the usual head */
export async function readSample(
  path: string,
  compression: Compression,
  large = false,
): Promise<Sample> {
  const length = large ? LARGE_HEAD : HEAD;
  return compression === 'none'
    ? await readPlain(path, length)
    : await readPacked(path, compression, length);
}

async function readPlain(path: string, length: number): Promise<Sample> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const read = async (from: number, bytes: number): Promise<Buffer> => {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, from);
      return buffer.subarray(0, bytesRead);
    };
    const head = await read(0, Math.min(size, length));
    if (size <= length) return { head, tail: null, complete: true };
    // An even place: two bytes of UTF-16 stay together.
    const from = Math.max(length, size - TAIL) & ~1;
    return { head, tail: await read(from, size - from), complete: false };
  } finally {
    await file.close();
  }
}

async function readPacked(path: string, compression: Compression, length: number): Promise<Sample> {
  const head: Buffer[] = [];
  let tail: Buffer[] = [];
  let bytes = 0;
  let ended = true;
  for await (const chunk of unpacked(path, compression)) {
    if (bytes < length) head.push(chunk.subarray(0, length - bytes));
    const beyond = chunk.subarray(Math.max(0, length - bytes));
    if (beyond.length > 0) tail.push(beyond);
    bytes += chunk.length;
    while (tail.length > 1 && sizeOf(tail) - tail[0]!.length >= TAIL) tail = tail.slice(1);
    if (bytes > UNPACKED) {
      ended = false;
      break;
    }
  }
  const rest = Buffer.concat(tail);
  const odd = (bytes - Math.min(rest.length, TAIL)) % 2;
  return {
    head: Buffer.concat(head),
    tail: ended && rest.length > 0 ? rest.subarray(-(TAIL - odd)) : null,
    complete: ended && bytes <= length,
  };
}

const sizeOf = (chunks: readonly Buffer[]): number =>
  chunks.reduce((sum, chunk) => sum + chunk.length, 0);
