import { createHash, randomBytes } from 'node:crypto';

const BLOCK = 1024 * 1024;
const POOL = randomBytes(16 * BLOCK);

/**
 * Bytes of any length that nobody has stored before, without keeping or making them all: blocks of
 * one random pool, each stamped with a seed and its number. A block is overwritten 16 blocks later,
 * so whoever takes them must have sent a block before it asks for so many more.
 */
export function freshContent(size) {
  const seed = randomBytes(16);
  return { size, blocks: () => blocks(seed, size), sha256: () => sha256Of(blocks(seed, size)) };
}

/** A content that is held as one buffer. */
export const bufferContent = (buffer) => ({
  size: buffer.length,
  blocks: () => [buffer],
  sha256: () => sha256Of([buffer]),
});

function* blocks(seed, size) {
  for (let offset = 0; offset < size; offset += BLOCK) {
    const block = POOL.subarray(offset % POOL.length, (offset % POOL.length) + BLOCK);
    seed.copy(block);
    block.writeDoubleLE(offset, seed.length);
    yield block.subarray(0, Math.min(BLOCK, size - offset));
  }
}

function sha256Of(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
