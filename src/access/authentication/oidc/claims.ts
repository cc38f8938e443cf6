import type { Env } from '../../../core/config/config.js';
import { NAME } from '../../names.js';

/** What a token says of its user. */
export interface Claims {
  issuer: string;
  subject: string;
  /** What a new user is called, if nobody else is. */
  name: string;
  displayName: string;
  /** Names of groups; `null`: tokens are not asked. */
  groups: string[] | null;
  /** `null`: tokens are not asked. */
  isAdmin: boolean | null;
  issuedAt: Date | null;
  expiresAt: Date;
}

type Settings = Pick<Env, 'OIDC_NAME_CLAIM' | 'OIDC_GROUPS_CLAIM' | 'OIDC_ADMIN_GROUP'>;

/** Leaves room for what tells it from another of the same name. */
const MAX_NAME = 90;
const MAX_GROUPS = 1000;
const MAX_SUBJECT = 255;

/** `null` when the token names nobody that can be kept. */
export function claimsOf(
  payload: Readonly<Record<string, unknown>>,
  settings: Settings,
): Claims | null {
  const { iss, sub, exp, iat } = payload;
  const expiresAt = momentOf(exp);
  if (typeof iss !== 'string' || expiresAt === null) return null;
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT || !isText(sub))
    return null;
  const groups = groupsOf(payload, settings);
  const { OIDC_ADMIN_GROUP: adminGroup } = settings;
  return {
    issuer: iss,
    subject: sub,
    name: nameOf(payload[settings.OIDC_NAME_CLAIM]),
    displayName: displayNameOf(payload['name']),
    groups,
    isAdmin: adminGroup === undefined ? null : (groups?.includes(adminGroup) ?? false),
    issuedAt: momentOf(iat),
    expiresAt,
  };
}

/** Seconds since 1970 (RFC 7519 section 2), as far as PostgreSQL and JavaScript both know the date. */
function momentOf(claim: unknown): Date | null {
  const isMoment = typeof claim === 'number' && claim >= 0 && claim < 250_000_000_000;
  return isMoment ? new Date(claim * 1000) : null;
}

/** As much of a name as users may have; names that don't exist here are no fault of the token. */
export function nameOf(claim: unknown): string {
  const text = typeof claim === 'string' ? claim.normalize('NFKD').toLowerCase() : '';
  const name = text
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9._@+-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, MAX_NAME);
  return NAME.test(name) ? name : 'user';
}

function groupsOf(
  payload: Readonly<Record<string, unknown>>,
  { OIDC_GROUPS_CLAIM: name }: Settings,
): string[] | null {
  if (name === undefined) return null;
  const claim = payload[name];
  const listed: unknown[] = Array.isArray(claim) ? claim : [claim];
  return listed
    .filter((group) => typeof group === 'string')
    .filter(isText)
    .slice(0, MAX_GROUPS);
}

/** Cut between characters, not within one. */
const displayNameOf = (claim: unknown): string =>
  typeof claim === 'string' && isText(claim) ? claim.slice(0, 200).toWellFormed() : '';

/** What PostgreSQL can store. */
const isText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();
