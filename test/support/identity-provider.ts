import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';

export const AUDIENCE = 'stratum';

interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK;
}

/** An OpenID provider on this machine: discovery, keys, and tokens as one asks for them. */
export class IdentityProvider {
  /** How often its keys were fetched. */
  fetches = 0;
  /** What it answers everything with instead. */
  failure: number | null = null;
  private published: SigningKey[] = [];
  private readonly server = createServer((request, response) => {
    const isDiscovery = request.url === '/.well-known/openid-configuration';
    if (!isDiscovery) this.fetches += 1;
    const body = isDiscovery
      ? { issuer: this.issuer, jwks_uri: `${this.issuer}/keys` }
      : { keys: this.published.map(({ jwk }) => jwk) };
    response.writeHead(this.failure ?? 200, { 'Content-Type': 'application/json' });
    response.end(this.failure === null ? JSON.stringify(body) : 'out of order');
  });
  private port = 0;

  static async start(): Promise<IdentityProvider> {
    const provider = new IdentityProvider();
    await provider.listen();
    await provider.addKey('first', 'RS256');
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Again on the same port after `stop`. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async addKey(kid: string, alg: string): Promise<SigningKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
    const key = { kid, alg, privateKey, publicKey, jwk };
    this.published.push(key);
    return key;
  }

  withdraw(kid: string): void {
    this.published = this.published.filter((key) => key.kid !== kid);
  }

  /** A token that is good, but for what is said otherwise; `undefined` leaves a claim out. */
  async token(claims: JWTPayload = {}, key = this.published.at(-1) as SigningKey): Promise<string> {
    return await new SignJWT(this.payload(claims))
      .setProtectedHeader({ alg: key.alg, kid: key.kid })
      .sign(key.privateKey);
  }

  unsigned(claims: JWTPayload = {}): string {
    return new UnsecuredJWT(this.payload(claims)).encode();
  }

  /** Signed by a secret that everybody has: the public key, for whoever takes it for one. */
  async signedByPublicKey(claims: JWTPayload = {}): Promise<string> {
    const [key] = this.published as [SigningKey];
    const secret = new TextEncoder().encode(await exportSPKI(key.publicKey));
    return await new SignJWT(this.payload(claims))
      .setProtectedHeader({ alg: 'HS256', kid: key.kid })
      .sign(secret);
  }

  private payload(claims: JWTPayload): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.issuer, aud: AUDIENCE, sub: 'subject', iat: now, exp: now + 300 };
    return JSON.parse(JSON.stringify({ ...payload, ...claims })) as JWTPayload;
  }
}
