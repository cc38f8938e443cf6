import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fingerprintOf, generateSigningKey } from '../../src/core/ed25519.js';
import { AuditSigningKey } from '../../src/access/audit/chain/audit-signing-key.service.js';
import { startAuditLab, type AuditLab } from '../support/audit-lab.js';
import { startTestApp } from '../support/app.js';

let lab: AuditLab;

beforeAll(async () => {
  lab = await startAuditLab();
});
beforeEach(() => lab.reset());
afterAll(() => lab.stop());

const SMALL = { maxEntries: 10, maxAgeMs: 86_400_000 };

const counts = async () => {
  const [row] = await lab.database.query<Record<string, number>>(
    `SELECT (SELECT count(*)::int FROM audit_log) AS entries,
       (SELECT count(*)::int FROM audit_pending) AS pending,
       (SELECT count(*)::int FROM audit_seals) AS seals,
       (SELECT count(*)::int FROM audit_segments) AS segments,
       (SELECT coalesce(max(seq), 0)::int FROM audit_seals) AS last`,
  );
  return row as Record<'entries' | 'pending' | 'seals' | 'segments' | 'last', number>;
};

async function recordMany(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await lab.record(`n${n}`);
}

describe('The sealer', () => {
  it('chains what many writers and two replicas do at once, each entry once', async () => {
    const replicas = [lab.replica().sealer, lab.replica().sealer];
    let isDone = false;
    const sealing = Promise.all(
      replicas.map(async (sealer) => {
        let sealed = 0;
        while (!isDone) {
          sealed += await sealer.seal(SMALL);
          await delay(2);
        }
        return sealed;
      }),
    );
    await Promise.all(Array.from({ length: 8 }, () => recordMany(12)));
    isDone = true;
    const sealed = (await sealing).reduce((sum, n) => sum + n, await lab.sealer.seal(SMALL));
    expect(sealed).toBe(96);
    expect(await counts()).toEqual({ entries: 96, pending: 0, seals: 96, segments: 10, last: 96 });
    expect(await lab.verify()).toMatchObject({ ok: true, entries: 96, segments: 10 });
  });

  it('does not wait for a transaction that is open, and passes over nothing that it commits later', async () => {
    let sealedMeanwhile = 0;
    await lab.unitOfWork.run(async (tx) => {
      await lab.record('late', tx);
      await lab.record('early');
      sealedMeanwhile = await lab.sealer.seal();
    });
    expect(sealedMeanwhile).toBe(1);
    expect(await lab.sealer.seal()).toBe(1);
    const order = await lab.database.query(
      `SELECT e.details->>'target' AS target FROM audit_seals s JOIN audit_log e ON e.id = s.entry_id
       ORDER BY s.seq`,
    );
    // The later id was committed first.
    expect(order).toEqual([{ target: 'early' }, { target: 'late' }]);
    expect((await lab.verify()).ok).toBe(true);
  });

  it('never seals what was rolled back', async () => {
    const failed = lab.unitOfWork.run(async (tx) => {
      await lab.record('undone', tx);
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    expect(await lab.sealer.seal()).toBe(0);
    expect(await counts()).toMatchObject({ entries: 0, seals: 0 });
  });

  it('begins anew when it is killed in the middle of a turn, and nobody waits for it meanwhile', async () => {
    await recordMany(5);
    await lab.sealer.seal();
    await recordMany(5);
    const holder = new pg.Client({ connectionString: lab.database.url });
    await holder.connect();
    // A turn comes to a stop here, when its seals are written already.
    await holder.query('BEGIN; LOCK TABLE audit_segments IN SHARE MODE');
    const turn = lab.sealer.seal().catch((error: unknown) => error);
    const blocked = `FROM pg_stat_activity WHERE datname = current_database()
      AND wait_event_type = 'Lock' AND query LIKE '%INTO audit_segments%'`;
    while ((await lab.database.query(`SELECT ${blocked}`)).length === 0) await delay(10);
    await lab.record('meanwhile');
    expect(await lab.replica().sealer.seal()).toBe(0);
    await lab.database.query(`SELECT pg_terminate_backend(pid) ${blocked}`);
    expect(await turn).toBeInstanceOf(Error);
    await holder.end();
    expect(await counts()).toMatchObject({ seals: 5, pending: 6, segments: 1 });
    // The pool may still hand out the connection that was killed.
    expect(await lab.sealer.seal().catch(() => lab.sealer.seal())).toBe(6);
    expect(await lab.verify()).toMatchObject({ ok: true, entries: 11 });
  });

  it('takes entries with very many targets a few at a time', async () => {
    await lab.database.query(
      `INSERT INTO audit_log (action, targets)
       SELECT 'file.upload', array_agg('file:' || n) FROM generate_series(1, 10000) n,
         generate_series(1, 5) e GROUP BY e`,
    );
    expect(await lab.sealer.seal()).toBe(5);
    const heads = await lab.database.query('SELECT last_seq::int FROM audit_segments');
    expect(heads).toEqual([{ last_seq: 5 }]);
    expect(await lab.verify()).toMatchObject({ ok: true, entries: 5 });
  });

  it('begins a segment when the last one is full or a day old', async () => {
    await recordMany(25);
    await lab.sealer.seal(SMALL);
    await recordMany(1);
    await lab.sealer.seal({ ...SMALL, maxAgeMs: 0 });
    expect(
      await lab.database.query(
        'SELECT first_seq::int AS first, last_seq::int AS last FROM audit_segments ORDER BY id',
      ),
    ).toEqual([
      { first: 1, last: 10 },
      { first: 11, last: 20 },
      { first: 21, last: 25 },
      { first: 26, last: 26 },
    ]);
    expect((await lab.verify()).ok).toBe(true);
  });

  it('signs nothing anew that somebody has changed', async () => {
    await recordMany(3);
    await lab.sealer.seal();
    await lab.database.query(
      `UPDATE audit_segments SET head_hash = sha256('another'), last_seq = 3`,
    );
    await recordMany(1);
    await lab.sealer.seal();
    const { findings } = await lab.verify();
    expect(findings).toEqual(
      expect.arrayContaining([expect.objectContaining({ fault: 'signature-invalid', segment: 1 })]),
    );
  });
});

describe('Replicas with different keys', () => {
  it('sign segments of their own, and each key has to be trusted', async () => {
    const other = await mkdtemp(join(tmpdir(), 'stratum-replica-'));
    const env = { STRATUM_DATA_DIR: other };
    const { sealer } = lab.replica(env);
    await recordMany(2);
    await lab.sealer.seal();
    await recordMany(2);
    await sealer.seal();
    const key = await new AuditSigningKey({ ...lab.env, ...env }).get();
    const fingerprint = fingerprintOf(key.publicKey);
    const report = await lab.verify();
    expect(report.findings).toEqual([
      expect.objectContaining({ fault: 'key-untrusted', segment: 2, seq: 4 }),
    ]);
    expect(report.findings[0]?.message).toContain(fingerprint);
    expect(await lab.verify({ trust: [fingerprint] })).toMatchObject({ ok: true, segments: 2 });
    await rm(other, { recursive: true });
  });

  it('share one that AUDIT_SIGNING_KEY names, in PEM or in base64', async () => {
    const pem = generateSigningKey();
    const forms = [pem, Buffer.from(pem).toString('base64'), pem.split('\n').slice(1, -2).join('')];
    for (const AUDIT_SIGNING_KEY of forms) {
      await recordMany(1);
      expect(await lab.replica({ AUDIT_SIGNING_KEY }).sealer.seal()).toBe(1);
    }
    const [row] = await lab.database.query(
      'SELECT count(DISTINCT id)::int AS n FROM audit_segments',
    );
    expect(row).toEqual({ n: 1 });
  });
});

describe('The end of the chain', () => {
  const headFile = () => join(lab.env.STRATUM_DATA_DIR, 'audit-head');

  it('is kept in a file that never goes back, and its key in one that is for nobody else', async () => {
    await recordMany(3);
    await lab.sealer.seal();
    await lab.heads.follow();
    const head = JSON.parse(await readFile(headFile(), 'utf8')) as object;
    expect(head).toMatchObject({ id: 1, lastSeq: 3 });
    expect((await stat(join(lab.env.STRATUM_DATA_DIR, 'audit-key'))).mode & 0o777).toBe(0o600);
    // As from an older copy of the database, that goes on from there.
    await lab.tamper('DELETE FROM audit_log; DELETE FROM audit_seals; DELETE FROM audit_segments');
    await lab.heads.follow();
    await recordMany(5);
    await lab.sealer.seal();
    await lab.heads.follow();
    expect(JSON.parse(await readFile(headFile(), 'utf8'))).toEqual(head);
    expect(await lab.verify()).toMatchObject({
      ok: false,
      heads: 1,
      findings: [{ fault: 'head-lost', seq: 3 }],
    });
  });

  it('can be compared with one that was copied elsewhere', async () => {
    await recordMany(2);
    await lab.sealer.seal();
    await lab.heads.follow();
    expect(await lab.verify({ heads: [headFile()] })).toMatchObject({ ok: true, heads: 2 });
    expect((await lab.verify({ heads: [`${headFile()}-none`] })).findings).toEqual([
      expect.objectContaining({ fault: 'head-unreadable' }),
    ]);
  });
});

describe('The retention', () => {
  it('drops whole old segments, keeps their heads, and says so in the log', async () => {
    await recordMany(35);
    await lab.sealer.seal(SMALL);
    await lab.heads.follow();
    expect(await lab.retention.drop(1)).toBe(0);
    await delay(5);
    // The last segment stays, whatever its age.
    expect(await lab.retention.drop(0)).toBe(3);
    expect(await counts()).toMatchObject({ entries: 8, seals: 5, segments: 4, pending: 3 });
    await lab.sealer.seal(SMALL);
    expect(await lab.verify()).toMatchObject({ ok: true, dropped: 3, segments: 4, entries: 8 });
    expect(
      await lab.database.query(
        `SELECT actor_id, targets, details FROM audit_log WHERE action = 'audit.drop' ORDER BY id LIMIT 1`,
      ),
    ).toEqual([
      {
        actor_id: null,
        targets: ['audit-segment:1'],
        details: { firstSeq: 1, lastSeq: 10, headHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ]);
  });

  it('is the only one that the database lets delete, and nobody may edit', async () => {
    await recordMany(1);
    await lab.sealer.seal();
    for (const table of ['audit_log', 'audit_seals']) {
      for (const change of [
        `UPDATE ${table} SET ${table === 'audit_log' ? 'action' : 'hash'} = DEFAULT`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
      ]) {
        await expect(lab.database.query(change)).rejects.toThrow(/append-only/);
      }
    }
    await expect(lab.database.query('DELETE FROM audit_segments')).rejects.toThrow(/append-only/);
  });
});

describe('A running service', () => {
  it('has an entry sealed soon after its commit, and all of them when it was stopped', async () => {
    const app = await startTestApp();
    const count = async (table: string): Promise<number> =>
      (await app.database.query(`SELECT FROM ${table}`)).length;
    await app.upload('one');
    const entries = await count('audit_log');
    while ((await count('audit_seals')) < entries) await delay(20);
    await app.upload('two');
    await app.app.close();
    expect(await count('audit_log')).toBe(entries + 1);
    expect(await count('audit_seals')).toBe(entries + 1);
    await app.stop();
  });
});
