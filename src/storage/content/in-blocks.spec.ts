import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inBlocks } from './in-blocks.js';

async function blocksOf(chunks: readonly Uint8Array[], blockBytes: number): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  for await (const block of inBlocks(Readable.from(chunks), blockBytes)) blocks.push(block);
  return blocks;
}

describe('inBlocks', () => {
  it('gives the same bytes in blocks that are full but for the last, however they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        async (chunks, blockBytes) => {
          const buffers = chunks.map((chunk) => Buffer.from(chunk));
          const content = Buffer.concat(buffers);
          const blocks = await blocksOf(buffers, blockBytes);
          expect(Buffer.concat(blocks).equals(content)).toBe(true);
          const full = Array<number>(Math.floor(content.length / blockBytes)).fill(blockBytes);
          const rest = content.length % blockBytes;
          expect(blocks.map(({ length }) => length)).toEqual(rest > 0 ? [...full, rest] : full);
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  it('gives a block as soon as it is full, before more is asked for', async () => {
    let asked = 0;
    const source = (function* () {
      for (;;) {
        asked += 1;
        yield Buffer.alloc(4);
      }
    })();
    for await (const block of inBlocks(Readable.from(source, { highWaterMark: 1 }), 8)) {
      expect(block).toHaveLength(8);
      break;
    }
    // Two chunks make the block; the stream may hold a few more ready.
    expect(asked).toBeLessThanOrEqual(4);
  });

  it('throws the error of its source', async () => {
    const failing = Readable.from(
      (async function* () {
        yield Buffer.alloc(3);
        throw new Error('source broke');
      })(),
    );
    const read = async (): Promise<void> => {
      for await (const block of inBlocks(failing, 2)) expect(block).toHaveLength(2);
    };
    await expect(read()).rejects.toThrow('source broke');
  });

  it('ends its source when the reader stops in the middle', async () => {
    const source = Readable.from([Buffer.alloc(10), Buffer.alloc(10)]);
    for await (const block of inBlocks(source, 5)) {
      expect(block).toHaveLength(5);
      break;
    }
    expect(source.destroyed).toBe(true);
  });
});
