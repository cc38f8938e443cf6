import { parseDictionary } from 'structured-headers';
import { ValidationFailedError } from '../../errors/http.errors.js';

/**
 * The SHA-256 that a `Repr-Digest` header gives (RFC 9530), as lower-case hex. Other algorithms
 * beside it are passed over, as the RFC has it.
 * @throws ValidationFailedError when the header is there but gives none
 */
export function sha256OfReprDigest(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const digest = sha256In(header);
  if (digest?.byteLength !== 32) {
    throw ValidationFailedError.of(
      'Repr-Digest',
      'must give a SHA-256, as in RFC 9530: sha-256=:<base64 of 32 bytes>:',
    );
  }
  return Buffer.from(digest).toString('hex');
}

function sha256In(header: string): ArrayBuffer | undefined {
  try {
    const [value] = parseDictionary(header).get('sha-256') ?? [];
    return value instanceof ArrayBuffer ? value : undefined;
  } catch {
    return undefined;
  }
}
