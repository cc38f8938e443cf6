import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalPieces } from './canonical-json.js';

const whole = async (value: object): Promise<string> =>
  (await Array.fromAsync(canonicalPieces(value))).join('');

describe('canonicalPieces', () => {
  it('are together what canonicalize makes of the whole', async () => {
    const objects = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(objects, async (object) => {
        expect(await whole(object)).toBe(canonicalize(object));
      }),
    );
  });

  it.each([
    {},
    { b: [], a: [[]] },
    { gone: undefined, list: [undefined, null, { gone: undefined }] },
    { '\u{1f600}': 1, '\ufffd': 2, z: 'ü"\\\n' },
  ])('of %j', async (object) => {
    expect(await whole(object)).toBe(canonicalize(object));
  });

  it('come in pieces when a list is long', async () => {
    const object = { version: 1, items: Array.from({ length: 20_000 }, (_, n) => ({ n, b: 'x' })) };
    const pieces = await Array.fromAsync(canonicalPieces(object));
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe(canonicalize(object));
  });
});
