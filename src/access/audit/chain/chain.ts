import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { isSignedBy, type SigningKey } from '../../../core/ed25519.js';

/**
 * The chain over the audit log. The hash of an entry covers it and the hash before it, so that one
 * that is edited, taken out or put in breaks the chain there. Its end is signed, segment by segment:
 * whoever rewrites the chain needs the key as well. What only a copy of the end elsewhere can tell is
 * that the chain once was longer, or another.
 */
export const GENESIS = Buffer.alloc(32);

/** Every column of an entry as PostgreSQL writes it, times in seconds since 1970 with six decimals. */
export interface ChainedEntry {
  id: string;
  at: string;
  actorId: string | null;
  actorName: string | null;
  keyId: string | null;
  requestId: string | null;
  action: string;
  targets: string[];
  beforeDigest: string | null;
  afterDigest: string | null;
  details: string;
}

export interface Seal {
  seq: number;
  entryId: string;
  hash: Buffer;
}

/** A stretch of the chain as far as it is signed. Times as in an entry. */
export interface Segment {
  id: number;
  firstSeq: number;
  lastSeq: number;
  previousHash: Buffer;
  headHash: Buffer;
  openedAt: string;
  sealedAt: string;
  publicKey: Buffer;
  signature: Buffer;
}

/** That the entries of a segment were dropped, and who says so. */
export interface Drop {
  droppedAt: string;
  dropPublicKey: Buffer;
  dropSignature: Buffer;
}

export const hashOf = (previous: Buffer, entry: ChainedEntry): Buffer =>
  createHash('sha256')
    .update(previous)
    .update(canonicalize(entry) as string)
    .digest();

/** What the signature of a segment is over. */
export const segmentText = ({ signature: _, ...segment }: Segment): string =>
  canonicalize({
    kind: 'stratum-audit-segment',
    id: segment.id,
    firstSeq: segment.firstSeq,
    lastSeq: segment.lastSeq,
    previousHash: segment.previousHash.toString('hex'),
    headHash: segment.headHash.toString('hex'),
    openedAt: segment.openedAt,
    sealedAt: segment.sealedAt,
    publicKey: segment.publicKey.toString('hex'),
  }) as string;

export const isSigned = (segment: Segment): boolean =>
  isSignedBy(segment.publicKey, segmentText(segment), segment.signature);

const dropText = (segment: Segment, droppedAt: string): string =>
  canonicalize({
    kind: 'stratum-audit-drop',
    id: segment.id,
    signature: segment.signature.toString('hex'),
    droppedAt,
  }) as string;

export function signDrop(segment: Segment, at: Date, key: SigningKey): Drop {
  const droppedAt = secondsOf(at);
  return {
    droppedAt,
    dropPublicKey: key.publicKey,
    dropSignature: key.sign(dropText(segment, droppedAt)),
  };
}

export const isDropSigned = (segment: Segment, drop: Drop): boolean =>
  isSignedBy(drop.dropPublicKey, dropText(segment, drop.droppedAt), drop.dropSignature);

/** When the last segment is closed and another one begins. */
export interface SegmentRules {
  maxEntries: number;
  maxAgeMs: number;
}

export const SEGMENT_RULES: SegmentRules = { maxEntries: 10_000, maxAgeMs: 86_400_000 };

export interface Extension {
  seals: Seal[];
  /** New or longer ones, each signed. */
  segments: Segment[];
}

/**
 * The chain after `last`, longer by these entries. A segment grows only under the key that has signed
 * it, and only while its signature holds: what another has signed, or somebody has changed, is not
 * signed anew.
 */
export function extendChain(
  last: Segment | null,
  entries: readonly ChainedEntry[],
  key: SigningKey,
  now: Date,
  rules: SegmentRules,
): Extension {
  const seals: Seal[] = [];
  const segments: Segment[] = [];
  let open = last && mayGrow(last, key, now, rules) ? last : null;
  let { id, lastSeq: seq, headHash: hash } = last ?? { id: 0, lastSeq: 0, headHash: GENESIS };
  for (const entry of entries) {
    const previousHash = hash;
    hash = hashOf(previousHash, entry);
    seq += 1;
    seals.push({ seq, entryId: entry.id, hash });
    if (open && seq - open.firstSeq < rules.maxEntries) {
      if (open === segments.at(-1)) segments.pop();
      open = { ...open, lastSeq: seq, headHash: hash };
    } else {
      id += 1;
      const ends = { firstSeq: seq, lastSeq: seq, previousHash, headHash: hash };
      open = { id, ...ends, openedAt: secondsOf(now), ...unsigned };
    }
    segments.push(open);
  }
  return { seals, segments: segments.map((segment) => signSegment(segment, now, key)) };
}

const unsigned = { sealedAt: '', publicKey: Buffer.alloc(0), signature: Buffer.alloc(0) };

function signSegment(segment: Segment, now: Date, key: SigningKey): Segment {
  const sealed = { ...segment, sealedAt: secondsOf(now), publicKey: key.publicKey };
  return { ...sealed, signature: key.sign(segmentText(sealed)) };
}

const mayGrow = (segment: Segment, key: SigningKey, now: Date, rules: SegmentRules): boolean =>
  segment.publicKey.equals(key.publicKey) &&
  isSigned(segment) &&
  now.getTime() - Number(segment.openedAt) * 1000 < rules.maxAgeMs;

/** As PostgreSQL writes the epoch of a time of whole milliseconds. */
function secondsOf(time: Date): string {
  const milliseconds = String(time.getTime() % 1000).padStart(3, '0');
  return `${Math.floor(time.getTime() / 1000)}.${milliseconds}000`;
}
