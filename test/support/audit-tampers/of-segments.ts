import type {
  ChainedSeal,
  KeptSegment,
} from '../../../src/access/audit/chain/audit-chain.repository.js';
import { hashOf, segmentText, signDrop } from '../../../src/access/audit/chain/chain.js';
import {
  anyPlace,
  bytes,
  copyOf,
  deletedFrom,
  thief,
  type AuditState,
  type TamperKind,
} from './state.js';

const COLUMNS_OF_SEGMENTS: [string, string][] = [
  ['id', 'id + 100'],
  ['first_seq', 'first_seq + 1'],
  ['last_seq', 'last_seq - 1'],
  ['last_seq', 'last_seq + 1'],
  ['previous_hash', `sha256('x')`],
  ['head_hash', `sha256('x')`],
  ['opened_at', `opened_at - interval '1 microsecond'`],
  ['sealed_at', `sealed_at + interval '1 day'`],
  ['public_key', bytes(thief.publicKey)],
  ['signature', `set_byte(signature, 7, get_byte(signature, 7) # 1)`],
  ['dropped_at', `coalesce(dropped_at, sealed_at) + interval '1 second'`],
  ['drop_public_key', bytes(thief.publicKey)],
  ['drop_signature', `sha512('x')`],
];

/** Somebody's entry in place of the one at `index`, and everything after it hashed to fit. */
function rewritten({ chain, segments }: AuditState, index: number, isSigned: boolean): string {
  const sql: string[] = [];
  const heads = new Map<number, Buffer>();
  let hash = (index === 0 ? segments[1]?.previousHash : chain[index - 1]?.hash) as Buffer;
  for (const [n, { seq, entryId, entry }] of chain.entries()) {
    if (n < index || !entry) continue;
    const written = n === index ? { ...entry, actorName: 'somebody' } : entry;
    if (n === index) sql.push(`UPDATE audit_log SET actor_name = 'somebody' WHERE id = ${entryId}`);
    hash = hashOf(hash, written);
    heads.set(seq, hash);
    sql.push(`UPDATE audit_seals SET hash = ${bytes(hash)} WHERE seq = ${seq}`);
  }
  for (const segment of segments) {
    const headHash = heads.get(segment.lastSeq);
    if (!headHash) continue;
    const previousHash = heads.get(segment.firstSeq - 1) ?? segment.previousHash;
    const forged = { ...segment, headHash, previousHash };
    sql.push(
      `UPDATE audit_segments SET ${forgedColumns(forged, isSigned)} WHERE id = ${segment.id}`,
    );
  }
  return sql.join(';');
}

function forgedColumns(segment: KeptSegment, isSigned: boolean): string {
  const own = isSigned ? { ...segment, publicKey: thief.publicKey } : segment;
  return [
    `previous_hash = ${bytes(own.previousHash)}, head_hash = ${bytes(own.headHash)}`,
    `last_seq = ${own.lastSeq}, first_seq = ${own.firstSeq}`,
    ...(isSigned
      ? [
          `public_key = ${bytes(thief.publicKey)}`,
          `signature = ${bytes(thief.sign(segmentText(own)))}`,
        ]
      : []),
  ].join(', ');
}

const cutAfter = (seq: number): string => `
  DELETE FROM audit_log WHERE id IN (SELECT entry_id FROM audit_seals WHERE seq > ${seq});
  DELETE FROM audit_seals WHERE seq > ${seq}`;

const putBack = ({ older }: AuditState): string => `
  UPDATE audit_segments SET last_seq = ${older.lastSeq}, head_hash = ${bytes(older.headHash)},
    sealed_at = 'epoch'::timestamptz + '${older.sealedAt}'::interval,
    signature = ${bytes(older.signature)}
  WHERE id = ${older.id}`;

export const SEGMENT_TAMPERS: Record<string, TamperKind> = {
  'the tail cut': (_, pick) => {
    const seq = 31 + pick(5);
    return { sql: cutAfter(seq), faults: ['seal-missing'], seq: seq + 1 };
  },
  'the tail cut, and its segment with it': ({ chain }, pick) => {
    const end = chain[20 + pick(5)] as ChainedSeal;
    const sql = `${cutAfter(end.seq)};
      UPDATE audit_segments SET last_seq = ${end.seq}, head_hash = ${bytes(end.hash)} WHERE id = 4`;
    return { sql, faults: ['signature-invalid'], seq: end.seq };
  },
  'the tail cut to where it was signed before': (state) => ({
    sql: `${cutAfter(33)}; ${putBack(state)}`,
    faults: ['head-lost'],
    seq: 36,
  }),
  'the tail edited and left to the sealer again': (state) => ({
    sql: `UPDATE audit_log SET actor_name = 'somebody'
        WHERE id IN (SELECT entry_id FROM audit_seals WHERE seq > 33);
      INSERT INTO audit_pending SELECT entry_id FROM audit_seals WHERE seq > 33;
      DELETE FROM audit_seals WHERE seq > 33; ${putBack(state)}`,
    faults: ['head-lost'],
    seq: 36,
  }),
  'whole segments cut off': (_, pick) => {
    const id = 3 + pick(2);
    const sql = `${cutAfter(id * 10 - 10)}; DELETE FROM audit_segments WHERE id >= ${id}`;
    return { sql, faults: ['head-lost'], seq: 36 };
  },
  'everything deleted': () => ({
    sql: 'TRUNCATE audit_log, audit_pending, audit_seals, audit_segments',
    faults: ['head-lost'],
    seq: 36,
  }),
  'the chain written anew': (state, pick) => ({
    sql: rewritten(state, pick(state.chain.length), false),
    faults: ['signature-invalid'],
  }),
  'the chain written anew and signed by another': (state, pick) => {
    const sql = rewritten(state, pick(state.chain.length), true);
    return { sql, faults: ['key-untrusted'] };
  },

  'a segment deleted': (_, pick) => ({
    sql: `DELETE FROM audit_segments WHERE id = ${1 + pick(3)}`,
    faults: ['segment-missing'],
  }),
  'a segment deleted with all that is in it': (_, pick) => {
    const id = 2 + pick(2);
    const [first, last] = [id * 10 - 9, id * 10];
    const sql = `DELETE FROM audit_segments WHERE id = ${id};
      ${deletedFrom('audit_log', first, last)}; ${deletedFrom('audit_seals', first, last)}`;
    return { sql, faults: ['segment-missing'], seq: last + 1 };
  },
  'a segment dropped by somebody': (_, pick) => {
    const id = 2 + pick(2);
    const [first, last] = [id * 10 - 9, id * 10];
    const sql = `UPDATE audit_segments SET dropped_at = now() WHERE id = ${id};
      ${deletedFrom('audit_log', first, last)}; ${deletedFrom('audit_seals', first, last)}`;
    return { sql, faults: ['signature-invalid'], seq: last };
  },
  'a segment dropped with the signature of another drop': (_, pick) => {
    const id = 2 + pick(2);
    const [first, last] = [id * 10 - 9, id * 10];
    const sql = `UPDATE audit_segments s SET dropped_at = o.dropped_at,
        drop_public_key = o.drop_public_key, drop_signature = o.drop_signature
      FROM audit_segments o WHERE o.id = 1 AND s.id = ${id};
      ${deletedFrom('audit_log', first, last)}; ${deletedFrom('audit_seals', first, last)}`;
    return { sql, faults: ['signature-invalid'], seq: last };
  },
  'a segment dropped with a signature of somebody': ({ segments }, pick) => {
    const id = 2 + pick(2);
    const segment = segments[id - 1] as KeptSegment;
    const drop = signDrop(segment, new Date(), thief);
    const { firstSeq, lastSeq } = segment;
    const sql = `UPDATE audit_segments SET drop_public_key = ${bytes(drop.dropPublicKey)},
        dropped_at = 'epoch'::timestamptz + '${drop.droppedAt}'::interval,
        drop_signature = ${bytes(drop.dropSignature)} WHERE id = ${id};
      ${deletedFrom('audit_log', firstSeq, lastSeq)};
      ${deletedFrom('audit_seals', firstSeq, lastSeq)}`;
    return { sql, faults: ['key-untrusted'], seq: lastSeq };
  },
  'a drop taken back': () => ({
    sql: `UPDATE audit_segments SET dropped_at = NULL, drop_public_key = NULL, drop_signature = NULL
      WHERE id = 1`,
    faults: ['seal-missing'],
    seq: 1,
  }),
  'an entry put into what was dropped': (state, pick) => {
    const seq = 1 + pick(10);
    const sql = `${copyOf(anyPlace(state, pick).entryId, -1)};
      INSERT INTO audit_seals VALUES (${seq}, -1, sha256('x'))`;
    return { sql, faults: ['segment-broken'], seq };
  },
  'a segment of somebody in place of two': ({ segments, chain }) => {
    const [second, third] = [segments[1], segments[2]] as [KeptSegment, KeptSegment];
    const whole = { ...second, lastSeq: third.lastSeq, headHash: third.headHash };
    const renumbered = { ...(segments[3] as KeptSegment), id: 3 };
    const sql = `DELETE FROM audit_segments WHERE id = 3;
      UPDATE audit_segments SET ${forgedColumns(whole, true)} WHERE id = 2;
      UPDATE audit_segments SET id = 3, ${forgedColumns(renumbered, true)} WHERE id = 4`;
    return { sql, faults: ['key-untrusted'], seq: chain[19]?.seq };
  },
};

for (const [column, value] of COLUMNS_OF_SEGMENTS) {
  SEGMENT_TAMPERS[`${column} of a segment: ${value}`.slice(0, 60)] = (_, pick) => ({
    sql: `UPDATE audit_segments SET ${column} = ${value} WHERE id = ${1 + pick(3)}`,
    faults: ['signature-invalid'],
  });
}
