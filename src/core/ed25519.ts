import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/** A key that signs, and what others know it by. */
export interface SigningKey {
  /** 32 bytes. */
  publicKey: Buffer;
  sign(text: string): Buffer;
}

export function signingKeyOf(key: KeyObject): SigningKey {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return {
    publicKey: Buffer.from(x as string, 'base64url'),
    sign: (text) => sign(null, Buffer.from(text), key),
  };
}

/** A new private key as PEM (PKCS #8). */
export function generateSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
}

/** The key in PEM, or in base64 of PEM or DER (PKCS #8); `null` when it is none of Ed25519. */
export function parseSigningKey(text: string): KeyObject | null {
  try {
    const pem = text.includes('-----') ? text.replaceAll('\\n', '\n') : null;
    const bytes = Buffer.from(text, 'base64');
    const key =
      pem !== null || bytes.includes('-----BEGIN')
        ? createPrivateKey(pem ?? bytes)
        : createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

/** Never throws: what is no key or no signature signs nothing. */
export function isSignedBy(publicKey: Buffer, text: string, signature: Buffer): boolean {
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(null, Buffer.from(text), key, signature);
  } catch {
    return false;
  }
}

/** What people compare: SHA-256 of the public key, in hex. */
export const fingerprintOf = (publicKey: Buffer): string =>
  createHash('sha256').update(publicKey).digest('hex');
