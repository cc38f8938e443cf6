import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generateApiKey, hashApiKey, isPlausibleApiKey } from './api-key.js';

/** CRC-32 by its definition, bit by bit. */
function crc32(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

describe('API keys', () => {
  it('are 256 random bits under a known prefix, with their checksum', () => {
    const keys = Array.from({ length: 300 }, generateApiKey);
    for (const key of keys) {
      const [, secret = '', checksum] = /^stratum_([\w-]{43})_([0-9a-f]{8})$/.exec(key) ?? [];
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      expect(checksum).toBe(crc32(secret));
      expect(isPlausibleApiKey(key)).toBe(true);
    }
    expect(new Set(keys).size).toBe(300);
  });

  it('are not plausible with one character mistyped', () => {
    const key = generateApiKey();
    for (let index = 'stratum_'.length; index < key.length; index += 1) {
      const other = key[index] === '0' ? '1' : '0';
      // Another separator makes it a key that does not look like ours, which only the database knows.
      if (key[index] === '_' && index === key.length - 9) continue;
      expect(isPlausibleApiKey(key.slice(0, index) + other + key.slice(index + 1))).toBe(false);
    }
  });

  it('are not plausible with two characters swapped', () => {
    const key = `stratum_${'ab'.repeat(21)}c_${crc32(`${'ab'.repeat(21)}c`)}`;
    expect(isPlausibleApiKey(key)).toBe(true);
    expect(isPlausibleApiKey(key.replace('stratum_ab', 'stratum_ba'))).toBe(false);
  });

  it.each([
    'x'.repeat(32),
    'x'.repeat(128),
    'test-key-0123456789_ABCDEFGHIJKLMNOP',
    `stratum_${'x'.repeat(30)}`,
  ])('may be any 32 to 128 URL-safe characters that an operator sets: %s', (key) => {
    expect(isPlausibleApiKey(key)).toBe(true);
  });

  it.each([
    '',
    'x'.repeat(31),
    'x'.repeat(129),
    `${'x'.repeat(40)} `,
    `${'x'.repeat(40)}\n`,
    'é'.repeat(40),
    `${'x'.repeat(40)}.`,
  ])('are not plausible as "%s"', (key) => {
    expect(isPlausibleApiKey(key)).toBe(false);
  });

  it('never make the check throw, whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.stringMatching(/^stratum_[\w-]{43}_[0-9a-f]{8}$/),
        ),
        (key) => {
          const [, secret, checksum] = /^stratum_([\w-]{43})_([0-9a-f]{8})$/.exec(key) ?? [];
          const isPlausible = isPlausibleApiKey(key);
          expect(typeof isPlausible).toBe('boolean');
          if (secret !== undefined) expect(isPlausible).toBe(crc32(secret) === checksum);
          expect(hashApiKey(key)).toHaveLength(32);
        },
      ),
      { seed: 3 },
    );
  });

  it('are looked up by their SHA-256', () => {
    expect(hashApiKey('abc').toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    const key = generateApiKey();
    expect(hashApiKey(key).equals(createHash('sha256').update(key).digest())).toBe(true);
  });
});
