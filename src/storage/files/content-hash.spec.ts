import { describe, expect, it } from '@jest/globals';
import { CONTENT_HASH, hexOfContentHash, toContentHash } from './content-hash.js';

const HEX = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('content hashes', () => {
  it('are written with their algorithm', () => {
    expect(toContentHash(HEX)).toBe(`sha256:${HEX}`);
  });

  it.each([HEX, `sha256:${HEX}`])('are read from %s', (hash) => {
    expect(hash).toMatch(CONTENT_HASH);
    expect(hexOfContentHash(hash)).toBe(HEX);
  });

  it.each([
    '',
    'sha256:',
    HEX.toUpperCase(),
    HEX.slice(1),
    `${HEX}0`,
    `sha256:sha256:${HEX}`,
    `sha512:${HEX}`,
    `SHA256:${HEX}`,
    `sha256:${HEX}\n`,
    ` ${HEX}`,
    `sha256:${'g'.repeat(64)}`,
  ])('are not "%s"', (text) => {
    expect(text).not.toMatch(CONTENT_HASH);
  });
});
