import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startAuditLab, type AuditLab } from '../support/audit-lab.js';
import { ENTRY_TAMPERS } from '../support/audit-tampers/of-entries.js';
import { SEGMENT_TAMPERS } from '../support/audit-tampers/of-segments.js';
import { prepareAuditState, type AuditState } from '../support/audit-tampers/state.js';
import { IS_FULL } from '../support/faults/part.js';
import { faultSeed, seededRandom } from '../support/history.js';

const TABLES = ['audit_log', 'audit_pending', 'audit_seals', 'audit_segments'];
const KINDS = Object.entries({ ...ENTRY_TAMPERS, ...SEGMENT_TAMPERS });

/** Each kind once; with FAULT_ROUNDS=9 more than 500 tampers. */
const ROUNDS = IS_FULL ? 3 : 1;

let lab: AuditLab;
let state: AuditState;

beforeAll(async () => {
  lab = await startAuditLab();
  // Without the entry of the bootstrap key.
  await lab.reset();
  state = await prepareAuditState(lab);
  for (const table of TABLES) {
    await lab.database.query(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
  }
});
afterAll(() => lab.stop());

const restore = (): Promise<void> =>
  lab.tamper(
    TABLES.map((t) => `DELETE FROM ${t}; INSERT INTO ${t} SELECT * FROM kept_${t}`).join(';'),
  );

describe('The audit log that somebody with every right on the database has changed', () => {
  it('is good before', async () => {
    expect(await lab.verify()).toMatchObject({
      ok: true,
      entries: 26,
      segments: 4,
      dropped: 1,
      head: { seq: 36 },
      unsealed: { entries: 3 },
      heads: 1,
    });
  });

  it(
    `is found out, ${ROUNDS} times by each of ${KINDS.length} kinds of change`,
    async () => {
      const random = seededRandom(faultSeed('tampers with the audit log'));
      const pick = (below: number): number => Math.floor(random() * below);
      const missed: string[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [name, kind] of KINDS) {
          const { sql, faults, seq } = kind(state, pick);
          await lab.tamper(sql);
          const { ok, findings } = await lab.verify();
          const isTold = findings.some(
            (finding) =>
              faults.includes(finding.fault) && (seq === undefined || finding.seq === seq),
          );
          if (ok || !isTold) missed.push(`${name}: ${sql}\n  ${JSON.stringify(findings)}`);
          await restore();
        }
      }
      expect(missed).toEqual([]);
      expect((await lab.verify()).ok).toBe(true);
    },
    60_000 + ROUNDS * 60_000,
  );
});
