import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * `stratum_<43 characters: 256 random bits>_<8 characters: CRC-32>`: secret scanners know it by its
 * prefix, and the checksum tells a mistyped key without asking the database.
 */
const GENERATED = /^stratum_([A-Za-z0-9_-]{43})_([0-9a-f]{8})$/;

/** What the operator sets by STRATUM_BOOTSTRAP_KEY need not look like ours. */
const ACCEPTABLE = /^[A-Za-z0-9_-]{32,128}$/;

export function generateApiKey(): string {
  const secret = randomBytes(32).toString('base64url');
  return `stratum_${secret}_${checksumOf(secret)}`;
}

/**
 * What a key is known again by: its prefix and 6 of its 43 characters, 36 of its 256 bits. Of one that
 * an operator has chosen even the first characters may tell too much.
 */
export const hintOf = (key: string): string | null =>
  GENERATED.test(key) ? key.slice(0, 'stratum_'.length + 6) : null;

/** Whether the database need be asked: a key that looks like ours must have its checksum right. */
export function isPlausibleApiKey(key: string): boolean {
  if (!ACCEPTABLE.test(key)) return false;
  const [, secret, checksum] = GENERATED.exec(key) ?? [];
  return secret === undefined || checksumOf(secret) === checksum;
}

/**
 * Keys are found by this digest. A timing of the look-up tells at most how far the digest of a
 * guess agrees with one that is stored, which says nothing about the key: to use it, one would need
 * keys whose digests begin as one likes, and could no more go from a digest to its key than before.
 * The row that is found is compared in constant time all the same.
 */
export const hashApiKey = (key: string): Buffer => createHash('sha256').update(key).digest();

const checksumOf = (secret: string): string => crc32(secret).toString(16).padStart(8, '0');
