import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ValidationFailedError } from '../../errors/index.js';
import { sha256OfReprDigest } from './digest-header.js';

const DIGEST = createHash('sha256').update('content').digest();
const BASE64 = DIGEST.toString('base64');
const HEX = DIGEST.toString('hex');

describe('sha256OfReprDigest', () => {
  it('gives nothing without a header', () => {
    expect(sha256OfReprDigest(undefined)).toBeUndefined();
  });

  it.each([
    ['alone', `sha-256=:${BASE64}:`],
    ['after another algorithm', `sha-512=:YWJj:, sha-256=:${BASE64}:`],
    ['before another algorithm', `sha-256=:${BASE64}:,md5=:YWJj:`],
    ['with a parameter', `sha-256=:${BASE64}:;note=1`],
    ['with spaces around', `  sha-256=:${BASE64}:  `],
    ['as the last of two', `sha-256=:YWJj:, sha-256=:${BASE64}:`],
  ])('reads the SHA-256 that stands %s', (_where, header) => {
    expect(sha256OfReprDigest(header)).toBe(HEX);
  });

  it.each([
    ['empty', ''],
    ['of another algorithm only', 'sha-512=:YWJj:'],
    ['too short', 'sha-256=:YWJj:'],
    ['too long', `sha-256=:${Buffer.concat([DIGEST, DIGEST]).toString('base64')}:`],
    ['of no bytes', 'sha-256=::'],
    ['a string', `sha-256="${BASE64}"`],
    ['a token', 'sha-256=abc'],
    ['a list', `sha-256=(:${BASE64}:)`],
    ['without a value', 'sha-256'],
    ['of broken base64', 'sha-256=:***:'],
    ['in hex', `sha-256=${HEX}`],
    ['without its end', `sha-256=:${BASE64}`],
    ['not of this grammar', '{"sha-256": 1}'],
    ['under another case, which is another key', `SHA-256=:${BASE64}:`],
  ])('refuses a header that is %s, and says what it should be', (_what, header) => {
    expect(() => sha256OfReprDigest(header)).toThrow(ValidationFailedError);
    expect(() => sha256OfReprDigest(header)).toThrow(/^Repr-Digest: .*sha-256=:<base64/);
  });
});
