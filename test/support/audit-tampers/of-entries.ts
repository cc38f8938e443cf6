import type { AuditFault } from '../../../src/access/audit/verify/audit-report.js';
import type { ChainedSeal } from '../../../src/access/audit/chain/audit-chain.repository.js';
import { hashOf } from '../../../src/access/audit/chain/chain.js';
import { anyPlace, bytes, copyOf, deletedFrom, type AuditState, type TamperKind } from './state.js';

const COLUMNS_OF_ENTRIES: [string, string][] = [
  ['at', `at + interval '1 microsecond'`],
  ['actor_id', 'gen_random_uuid()'],
  ['actor_id', 'NULL'],
  ['actor_name', `'somebody'`],
  ['key_id', 'gen_random_uuid()'],
  ['request_id', `request_id || 'x'`],
  ['action', `'dataset.delete'`],
  ['targets', `targets || 'file:2'::text`],
  ['targets', 'targets[2:2] || targets[1:1]'],
  ['before_digest', `sha256('x')`],
  ['before_digest', 'after_digest'],
  ['after_digest', 'NULL'],
  ['details', `'{"target":"another"}'`],
  ['details', `(details::text || ' ')::json`],
];

/** Every place from there on, by so many further, past each other. */
const shifted = (from: number, by: number): string => `
  UPDATE audit_seals SET seq = seq + 100000 WHERE seq >= ${from};
  UPDATE audit_seals SET seq = seq - 100000 + ${by} WHERE seq >= 100000`;

const CHANGED = ['entry-changed'] as AuditFault[];

export const ENTRY_TAMPERS: Record<string, TamperKind> = {
  'an id of an entry': (state, pick) => {
    const { seq, entryId } = anyPlace(state, pick);
    const sql = `UPDATE audit_log SET id = id + 100000 WHERE id = ${entryId}`;
    return { sql, faults: ['entry-missing'], seq };
  },
  'an entry deleted': (state, pick) => {
    const { seq } = anyPlace(state, pick);
    return { sql: deletedFrom('audit_log', seq, seq), faults: ['entry-missing'], seq };
  },
  'a seal deleted': (state, pick) => {
    const { seq } = anyPlace(state, pick);
    return { sql: deletedFrom('audit_seals', seq, seq), faults: ['seal-missing'], seq };
  },
  'an entry deleted with its seal': (state, pick) => {
    const { seq } = anyPlace(state, pick);
    const sql = `${deletedFrom('audit_log', seq, seq)}; ${deletedFrom('audit_seals', seq, seq)}`;
    return { sql, faults: ['seal-missing'], seq };
  },
  'an entry taken out and the gap closed': ({ chain }, pick) => {
    const { seq } = chain[pick(chain.length - 1)] as ChainedSeal;
    const gone = `${deletedFrom('audit_log', seq, seq)}; ${deletedFrom('audit_seals', seq, seq)}`;
    return { sql: `${gone}; ${shifted(seq + 1, -1)}`, faults: CHANGED, seq };
  },
  'an entry put in, without a seal': (state, pick) => ({
    sql: copyOf(anyPlace(state, pick).entryId, -1 - pick(1000)),
    faults: ['entry-unsealed'],
  }),
  'an entry put in, with a seal that fits what is before it': (state, pick) => {
    // What follows is still in the segment: there it shows.
    const { seq, entryId, hash } = state.chain[pick(state.chain.length - 2)] as ChainedSeal;
    const entry = { ...(state.chain[0] as ChainedSeal).entry, id: '-1' } as never;
    const seal = `INSERT INTO audit_seals VALUES (${seq + 1}, -1, ${bytes(hashOf(hash, entry))})`;
    const sql = `${copyOf(entryId, -1)}; ${shifted(seq + 1, 1)}; ${seal}`;
    return { sql, faults: CHANGED, seq: seq + 2 };
  },
  'an entry put at the end, with a seal': (state, pick) => ({
    sql: `${copyOf(anyPlace(state, pick).entryId, 100_000)};
      INSERT INTO audit_seals VALUES (37, 100000, sha256('x'))`,
    faults: ['seal-outside'],
    seq: 37,
  }),
  'the contents of two entries swapped': ({ chain }, pick) => {
    const index = pick(chain.length - 1);
    const [a, b] = [chain[index], chain[index + 1 + pick(chain.length - index - 1)]];
    const ids = [a?.entryId, b?.entryId].join();
    const sql = `
      UPDATE audit_log t SET at = o.at, details = o.details, before_digest = o.before_digest,
        after_digest = o.after_digest, targets = o.targets
      FROM audit_log o WHERE t.id IN (${ids}) AND o.id IN (${ids}) AND o.id <> t.id`;
    return { sql, faults: CHANGED, seq: a?.seq };
  },
  'the entries of two seals swapped': ({ chain }, pick) => {
    const index = pick(chain.length - 1);
    const [a, b] = [chain[index] as ChainedSeal, chain[index + 1] as ChainedSeal];
    const sql = `
      UPDATE audit_seals SET entry_id = -1 WHERE seq = ${a.seq};
      UPDATE audit_seals SET entry_id = ${a.entryId} WHERE seq = ${b.seq};
      UPDATE audit_seals SET entry_id = ${b.entryId} WHERE seq = ${a.seq}`;
    return { sql, faults: CHANGED, seq: a.seq };
  },
  'the hashes of two seals swapped': ({ chain }, pick) => {
    const index = pick(chain.length - 1);
    const [a, b] = [chain[index] as ChainedSeal, chain[index + 1] as ChainedSeal];
    const sql = `
      UPDATE audit_seals SET hash = ${bytes(b.hash)} WHERE seq = ${a.seq};
      UPDATE audit_seals SET hash = ${bytes(a.hash)} WHERE seq = ${b.seq}`;
    return { sql, faults: CHANGED, seq: a.seq };
  },
  'a hash of a seal': (state, pick) => {
    const { seq } = anyPlace(state, pick);
    const sql = `UPDATE audit_seals SET hash = sha256(hash) WHERE seq = ${seq}`;
    return { sql, faults: CHANGED, seq };
  },
  'a seq of a seal': (state, pick) => {
    const { seq } = anyPlace(state, pick);
    const sql = `UPDATE audit_seals SET seq = seq + 1000 WHERE seq = ${seq}`;
    return { sql, faults: ['seal-missing'], seq };
  },
  'an entry of a seal': (state, pick) => {
    const { seq } = anyPlace(state, pick);
    const sql = `UPDATE audit_seals SET entry_id = entry_id + 100000 WHERE seq = ${seq}`;
    return { sql, faults: ['entry-missing'], seq };
  },
  'a seal given to an entry that waits for one': (state, pick) => {
    const { seq } = anyPlace(state, pick);
    const sql = `UPDATE audit_seals SET entry_id = (SELECT max(entry_id) FROM audit_pending)
      WHERE seq = ${seq}`;
    return { sql, faults: CHANGED, seq };
  },

  'an entry that waits for its seal taken from the queue': () => ({
    sql: 'DELETE FROM audit_pending WHERE entry_id = (SELECT max(entry_id) FROM audit_pending)',
    faults: ['entry-unsealed'],
  }),
  'an entry that waits for its seal deleted': () => ({
    sql: 'DELETE FROM audit_log WHERE id = (SELECT max(entry_id) FROM audit_pending)',
    faults: ['queue-broken'],
  }),
  'a sealed entry queued again': (state, pick) => ({
    sql: `INSERT INTO audit_pending VALUES (${anyPlace(state, pick).entryId})`,
    faults: ['queue-broken'],
  }),
};

for (const [column, value] of COLUMNS_OF_ENTRIES) {
  ENTRY_TAMPERS[`${column} of an entry: ${value}`] = (state, pick) => {
    const { seq, entryId } = ofCaller(state, pick);
    const sql = `UPDATE audit_log SET ${column} = ${value} WHERE id = ${entryId}`;
    return { sql, faults: CHANGED, seq };
  };
}

/** Not the retention's own entry, some of whose columns are empty. */
function ofCaller(state: AuditState, pick: (below: number) => number): ChainedSeal {
  const ofCallers = state.chain.filter(({ entry }) => entry?.actorName != null);
  return ofCallers[pick(ofCallers.length)] as ChainedSeal;
}
