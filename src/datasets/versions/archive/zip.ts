import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  dataDescriptor,
  directoryHeader,
  endOfDirectory,
  localHeader,
  MAX_32,
  type ZipRecord,
} from './zip-records.js';

/** A file of an archive. */
export interface ZipEntry {
  /** Its path, in Unicode. */
  name: string;
  /** Bytes, or what they will be at most. */
  maxSize: number;
  open(): Promise<Readable>;
}

/** Entries whose content is opened while another is sent: opening takes longer than a small file. */
const AHEAD = 4;
/** Small pieces are sent together. */
const PIECE_BYTES = 64 * 1024;

/**
 * A zip file of any size, its entries in the order given and stored as they are: what lies in a
 * repository is mostly compressed already, and bytes that are only copied cost the service next to
 * nothing. Equal entries are equal bytes.
 *
 * Of each entry two numbers are kept, whatever its name: the names of the central directory are
 * asked for again. Content is opened a few entries ahead, and closed when the archive is given up.
 * @param entries called twice, and must give the same both times
 * @throws whatever `open` and its content throw: the archive then has no end, and no reader takes
 *   it for a whole one
 */
export async function* zip(
  entries: () => AsyncIterable<ZipEntry>,
  modifiedAt: Date,
): AsyncGenerator<Buffer> {
  yield* gathered(pieces(entries, modifiedAt));
}

async function* pieces(
  entries: () => AsyncIterable<ZipEntry>,
  modifiedAt: Date,
): AsyncGenerator<Buffer> {
  // Checksum and size of one entry after the other: a list of plain numbers is the smallest.
  const written: number[] = [];
  for await (const { entry, content } of opened(entries())) {
    const record = recordOf(entry, modifiedAt);
    try {
      yield localHeader(record);
      for await (const chunk of content as AsyncIterable<Buffer>) {
        record.crc32 = crc32(chunk, record.crc32);
        record.size += chunk.length;
        yield chunk;
      }
    } finally {
      content.destroy();
    }
    if (record.size > entry.maxSize) throw new Error(`${entry.name} is larger than announced.`);
    yield dataDescriptor(record);
    written.push(record.crc32, record.size);
  }
  yield* directory(entries(), modifiedAt, written);
}

interface Opening {
  entry: ZipEntry;
  content: Promise<Readable>;
}

/**
 * The entries with their content, which is the caller's to close. Before a header is written: of an
 * archive whose first file is lost, nothing was sent yet.
 */
async function* opened(
  entries: AsyncIterable<ZipEntry>,
): AsyncGenerator<{ entry: ZipEntry; content: Readable }> {
  const queue: Opening[] = [];
  try {
    for await (const entry of entries) {
      const content = entry.open();
      // What fails is told in its turn, or never.
      content.catch(() => undefined);
      queue.push({ entry, content });
      if (queue.length > AHEAD) yield await first(queue);
    }
    while (queue.length > 0) yield await first(queue);
  } finally {
    for (const { content } of queue) {
      content.then(
        (stream) => stream.destroy(),
        () => undefined,
      );
    }
  }
}

async function first(queue: Opening[]): Promise<{ entry: ZipEntry; content: Readable }> {
  const { entry, content } = queue.shift() as Opening;
  return { entry, content: await content };
}

async function* directory(
  entries: AsyncIterable<ZipEntry>,
  modifiedAt: Date,
  written: readonly number[],
): AsyncGenerator<Buffer> {
  let [count, offset, bytes] = [0, 0, 0];
  for await (const entry of entries) {
    const [checksum = 0, size = 0] = written.slice(2 * count, 2 * count + 2);
    const record = { ...recordOf(entry, modifiedAt), crc32: checksum, size, offset };
    const header = directoryHeader(record);
    yield header;
    offset += localHeader(record).length + size + dataDescriptor(record).length;
    bytes += header.length;
    count += 1;
  }
  if (2 * count !== written.length) throw new Error('The entries changed while they were sent.');
  yield endOfDirectory(count, offset, bytes);
}

const recordOf = ({ name, maxSize }: ZipEntry, modifiedAt: Date): Omit<ZipRecord, 'offset'> => ({
  name: Buffer.from(name),
  modifiedAt,
  isLarge: maxSize >= MAX_32,
  crc32: 0,
  size: 0,
});

async function* gathered(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of source) {
    parts.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    yield parts.length === 1 ? part : Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(parts);
}
