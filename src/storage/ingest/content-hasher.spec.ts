import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { BLOCK_BYTES, BlockCrcs } from './block-crcs.js';
import { ContentHasher } from './content-hasher.js';

describe('ContentHasher', () => {
  const content = randomBytes(3 * BLOCK_BYTES + 17);

  it('knows the hash, the size and the blocks of what it was given', () => {
    const sut = new ContentHasher();
    for (let at = 0; at < content.length; at += 65_000) {
      sut.update(content.subarray(at, at + 65_000));
    }
    const crcs = new BlockCrcs();
    crcs.update(content);
    expect(sut.content()).toEqual({
      contentHash: createHash('sha256').update(content).digest('hex'),
      size: content.length,
      blockCrcs: crcs.packed(),
    });
  });

  it.each([0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES + 5])(
    'goes back to where it was after %d bytes, however often, also from its end',
    (size) => {
      const plain = new ContentHasher();
      plain.update(content);
      const expected = plain.content();
      const sut = new ContentHasher();
      sut.update(content.subarray(0, size));
      const mark = sut.mark();
      for (const wrong of [randomBytes(2 * BLOCK_BYTES + 3), Buffer.from('x')]) {
        sut.update(wrong);
        sut.content();
        sut.rewind(mark);
        expect(sut.size).toBe(size);
      }
      sut.update(content.subarray(size));
      expect(sut.content()).toEqual(expected);
    },
  );
});
