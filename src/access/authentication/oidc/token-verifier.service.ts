import { Inject, Injectable } from '@nestjs/common';
import type { FlattenedJWSInput, JWSHeaderParameters, JWTVerifyGetKey } from 'jose';
import { ENV, type Env } from '../../../core/config/config.js';
import { isSecureUrl } from '../../../core/config/secure-url.js';
import { AppError } from '../../../core/errors/index.js';
import { IdentityProviderUnavailableError } from '../../access.errors.js';
import { claimsOf, type Claims } from './claims.js';

type Jose = typeof import('jose');

/** Signatures that only the holder of a private key can make: whoever knows a public one can't. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

const CLOCK_TOLERANCE_SECONDS = 5;
const TIMEOUT_MS = 5_000;
/** How soon keys are asked for again when a token names one that is not known. */
const COOLDOWN_MS = 5_000;

/**
 * Whether a JSON Web Token (RFC 7519) was made by the configured issuer for this service. Its keys are
 * fetched when they are needed for the first time, and again every ten minutes or for a new key.
 */
@Injectable()
export class TokenVerifier {
  /** Loaded with the first token, by those that have an issuer configured. */
  private ready: Promise<{ jose: Jose; keyOf: JWTVerifyGetKey }> | null = null;

  constructor(@Inject(ENV) private readonly env: Env) {}

  /**
   * What the token says, or `null` when it is none that is good here: another issuer's or audience's,
   * expired, not signed by a key of the issuer. Never throws on a malformed one.
   * @throws IdentityProviderUnavailableError when it can't be told
   */
  async verify(token: string): Promise<Claims | null> {
    const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = this.env;
    if (issuer === undefined || audience === undefined) return null;
    // What is of another issuer can be told without asking this one.
    if (unverifiedIssuer(token) !== issuer) return null;
    const { jose, keyOf } = await this.prepare(issuer);
    try {
      const { payload } = await jose.jwtVerify(token, keyOf, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['iss', 'aud', 'exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      return claimsOf(payload, this.env);
    } catch (error) {
      if (error instanceof AppError) throw error;
      return null;
    }
  }

  private async prepare(issuer: string): Promise<{ jose: Jose; keyOf: JWTVerifyGetKey }> {
    this.ready ??= this.load(issuer);
    try {
      return await this.ready;
    } catch (error) {
      // Asked again with the next token; those that wait for the same answer share it.
      this.ready = null;
      throw new IdentityProviderUnavailableError(error);
    }
  }

  private async load(issuer: string): Promise<{ jose: Jose; keyOf: JWTVerifyGetKey }> {
    const jose = await import('jose');
    const uri = this.env.OIDC_JWKS_URI ?? (await discoverJwksUri(issuer));
    const keys = jose.createRemoteJWKSet(new URL(uri), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
    });
    const keyOf = async (header: JWSHeaderParameters, token: FlattenedJWSInput) => {
      try {
        return await keys(header, token);
      } catch (error) {
        // These are about the token; any other failure is the provider's.
        const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = jose.errors;
        const isOfToken = [JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported].some(
          (kind) => error instanceof kind,
        );
        throw isOfToken ? error : new IdentityProviderUnavailableError(error);
      }
    };
    return { jose, keyOf };
  }
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discoverJwksUri(issuer: string): Promise<string> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { Accept: 'application/json' },
  });
  if (response.status !== 200) throw new Error(`Discovery was answered with ${response.status}.`);
  const found = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  // Section 4.3: a document of another issuer speaks for that one.
  if (found.issuer !== issuer) throw new Error('Discovery names another issuer.');
  if (typeof found.jwks_uri !== 'string' || !isSecureUrl(found.jwks_uri)) {
    throw new Error('Discovery names no jwks_uri that is an https URL.');
  }
  return found.jwks_uri;
}

function unverifiedIssuer(token: string): unknown {
  try {
    const [, payload = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
      iss?: unknown;
    } | null;
    return claims?.iss;
  } catch {
    return undefined;
  }
}
