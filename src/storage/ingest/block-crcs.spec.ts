import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { BLOCK_BYTES, BlockCrcs } from './block-crcs.js';

/** Block by block over the whole buffer. */
function naive(content: Buffer): number[] {
  const crcs: number[] = [];
  for (let start = 0; start < content.length; start += BLOCK_BYTES) {
    crcs.push(crc32(content.subarray(start, start + BLOCK_BYTES)));
  }
  return crcs;
}

const unpack = (packed: Buffer): number[] =>
  Array.from({ length: packed.length / 4 }, (_, index) => packed.readUInt32BE(index * 4));

describe('BlockCrcs', () => {
  it.each([
    ['nothing', 0, 1000],
    ['a byte', 1, 1000],
    ['one block in one chunk', BLOCK_BYTES, BLOCK_BYTES],
    ['a byte more than a block', BLOCK_BYTES + 1, 65_536],
    ['chunks that do not divide a block', 3 * BLOCK_BYTES - 7, 65_535],
    ['a chunk of several blocks', 5 * BLOCK_BYTES + 3, 4 * BLOCK_BYTES + 1],
  ])('agrees with the CRC of each block for %s', (_what, size, chunkBytes) => {
    const content = randomBytes(size);
    const sut = new BlockCrcs();
    for (let start = 0; start < size; start += chunkBytes) {
      sut.update(content.subarray(start, start + chunkBytes));
    }
    expect(unpack(sut.packed())).toEqual(naive(content));
  });
});
