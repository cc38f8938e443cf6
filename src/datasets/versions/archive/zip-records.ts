/** The records of a zip file: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16. */

/** What is written of one entry. */
export interface ZipRecord {
  name: Buffer;
  modifiedAt: Date;
  /** Whether its sizes take 64 bits; decided before they are known, for the local header says so. */
  isLarge: boolean;
  crc32: number;
  /** Bytes. */
  size: number;
  /** Where its local header begins. */
  offset: number;
}

/** What does not fit is all ones, and stands in a field or record of 64 bits. */
export const MAX_32 = 0xffffffff;
const MAX_16 = 0xffff;
/** Zip64; made on Unix, so that the permissions count. */
const VERSION = 45;
const MADE_BY = (3 << 8) | VERSION;
/** The checksum and the sizes follow the content; the name is UTF-8. */
const FLAGS = (1 << 3) | (1 << 11);
/** A plain file, `rw-r--r--`. */
const ATTRIBUTES = 0o100644 * 2 ** 16;
const ZIP64_FIELD = 1;

export function localHeader({ name, modifiedAt, isLarge }: Omit<ZipRecord, 'offset'>): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt32LE(dosTime(modifiedAt), 10);
  // Sizes of 64 bits follow the content only where the header has room for them.
  const extra = isLarge ? zip64Field([0, 0]) : Buffer.alloc(0);
  header.writeUInt32LE(isLarge ? MAX_32 : 0, 18);
  header.writeUInt32LE(isLarge ? MAX_32 : 0, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra]);
}

/** Follows the content. */
export function dataDescriptor({ crc32, size, isLarge }: Omit<ZipRecord, 'offset'>): Buffer {
  const descriptor = Buffer.alloc(isLarge ? 24 : 16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(crc32, 4);
  if (isLarge) {
    descriptor.writeBigUInt64LE(BigInt(size), 8);
    descriptor.writeBigUInt64LE(BigInt(size), 16);
  } else {
    descriptor.writeUInt32LE(size, 8);
    descriptor.writeUInt32LE(size, 12);
  }
  return descriptor;
}

/** An entry of the central directory, which stands after all entries. */
export function directoryHeader(record: ZipRecord): Buffer {
  const { name, modifiedAt, isLarge, crc32, size, offset } = record;
  const isFar = offset >= MAX_32;
  const large = [...(isLarge ? [size, size] : []), ...(isFar ? [offset] : [])];
  const extra = large.length > 0 ? zip64Field(large) : Buffer.alloc(0);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(MADE_BY, 4);
  header.writeUInt16LE(VERSION, 6);
  header.writeUInt16LE(FLAGS, 8);
  header.writeUInt32LE(dosTime(modifiedAt), 12);
  header.writeUInt32LE(crc32, 16);
  header.writeUInt32LE(isLarge ? MAX_32 : size, 20);
  header.writeUInt32LE(isLarge ? MAX_32 : size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(ATTRIBUTES, 38);
  header.writeUInt32LE(isFar ? MAX_32 : offset, 42);
  return Buffer.concat([header, name, extra]);
}

/** What a reader looks for first, at the end of the file: where the central directory is. */
export function endOfDirectory(count: number, offset: number, bytes: number): Buffer {
  const needs64 = count >= MAX_16 || offset >= MAX_32 || bytes >= MAX_32;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, MAX_16), 8);
  end.writeUInt16LE(Math.min(count, MAX_16), 10);
  end.writeUInt32LE(Math.min(bytes, MAX_32), 12);
  end.writeUInt32LE(Math.min(offset, MAX_32), 16);
  return needs64 ? Buffer.concat([end64OfDirectory(count, offset, bytes), end]) : end;
}

/** The same in 64 bits, with its locator. */
function end64OfDirectory(count: number, offset: number, bytes: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  // Bytes of this record after this field.
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(MADE_BY, 12);
  end.writeUInt16LE(VERSION, 14);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(bytes), 40);
  end.writeBigUInt64LE(BigInt(offset), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(offset + bytes), 64);
  // Of one disk.
  end.writeUInt32LE(1, 72);
  return end;
}

function zip64Field(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(ZIP64_FIELD, 0);
  field.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, index) => field.writeBigUInt64LE(BigInt(value), 4 + 8 * index));
  return field;
}

/** Date and time in UTC, of two seconds each, as one number: the time is the lower half. */
function dosTime(at: Date): number {
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  const date =
    ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  return date * 2 ** 16 + time;
}
