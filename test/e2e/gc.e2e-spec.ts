import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate } from '../../src/core/database/index.js';
import { MIGRATIONS } from '../../src/migrations/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectProblem } from '../support/problems.js';
import { createServicePlace } from '../support/service-place.js';
import { startService } from '../support/service.js';
import { addUser } from '../support/users.js';

const COMMAND = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'gc.js');
const NO_GRACE = { GC_GRACE_SECONDS: '0', GC_RETAIN_SECONDS: '0' };

interface Report {
  runId: string | null;
  doomed: { objects: number; bytes: number };
  deleted: { objects: number; bytes: number };
  heldBack: { reason: string } | null;
}

describe('/v1/admin/gc', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp(NO_GRACE);
  });
  afterAll(() => app.stop());

  const turn = (body: object): Promise<Report> =>
    app.json<Report>(200, '/v1/admin/gc', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const giveUp = async (content: string): Promise<void> => {
    const { id } = (await (await app.upload(content)).json()) as { id: number };
    expect((await app.fetch(`/v1/files/${id}`, { method: 'DELETE' })).status).toBe(204);
  };
  const entries = (): Promise<object[]> =>
    app.database.query(
      `SELECT actor_name, targets, details FROM audit_log WHERE action = 'gc.run'`,
    );

  it('tells what a turn would do, has it done, and tells of it; with one entry in the log', async () => {
    await giveUp('twelve bytes');
    const expected = { objects: 1, bytes: 12 };
    const foreseen = await turn({ dryRun: true });
    expect(foreseen).toMatchObject({ doomed: expected, deleted: expected, runId: null });
    expect(await entries()).toEqual([]);
    const done = await turn({});
    expect(done).toMatchObject({ doomed: expected, deleted: expected, heldBack: null });
    expect(await entries()).toEqual([
      {
        actor_name: 'admin',
        targets: [`gc-run:${done.runId}`],
        details: { acceptRestore: false, force: false },
      },
    ]);
    const status = await app.json<{ runs: object[]; next: Report }>(200, '/v1/admin/gc');
    expect(status).toMatchObject({
      next: { doomed: { objects: 0 }, dryRun: true },
      runs: [{ id: done.runId, askedBy: 'operator', doomed: expected, deleted: expected }],
      failures: { count: 0, items: [] },
      storage: { files: 0, usedBytes: 0, quotaBytes: null, freeBytes: expect.any(Number) },
    });
  });

  it('shows a brake, which does not make the service unready', async () => {
    await app.database.query('TRUNCATE gc_state');
    await giveUp('held back');
    expect((await turn({ force: true })).heldBack?.reason).toBe('database-restored');
    const { checks } = await app.json<{ checks: object }>(200, '/health/ready');
    expect(checks).toMatchObject({ collector: { status: 'up', brake: 'database-restored' } });
    const metrics = await (await app.fetch('/metrics')).text();
    expect(metrics).toContain('stratum_gc_brake{reason="database-restored"} 1');
    expect(metrics).toContain('stratum_gc_brake{reason="too-much"} 0');
    expect(metrics).toContain('stratum_gc_deleted_bytes_total 12');
    expect(await turn({ acceptRestore: true })).toMatchObject({
      heldBack: null,
      deleted: { objects: 1 },
    });
    expect(await app.json(200, '/health/ready')).toMatchObject({
      checks: { collector: { brake: null } },
    });
  });

  it('is for admins, and takes no other fields', async () => {
    const user = await addUser(app, 'nobody');
    await expectProblem(await user.fetch('/v1/admin/gc'), 403, 'forbidden');
    const odd = await app.fetch('/v1/admin/gc', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ dryRun: 'yes', everything: true }),
    });
    const { errors } = await expectProblem(odd, 400, 'validation-failed');
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(['/dryRun', '/everything']);
  });
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function gc(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const run = promisify(execFile)(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env['PATH'], STORAGE_RESERVE_BYTES: '0', ...NO_GRACE, ...env },
  });
  return await run.then(
    (output) => ({ code: 0, ...output }),
    (error: Ended) => error,
  );
}

describe('npm run gc', () => {
  it('works beside a running service and on a stopped one, whose embedded database it starts', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'stratum-gc-'));
    const settings = { STRATUM_DATA_DIR: dataDir, DATABASE_URL: '' };
    const service = await startService({ ...settings, ...NO_GRACE });
    const giveUp = async (content: string): Promise<void> => {
      const { id } = (await (await service.upload(content)).json()) as { id: number };
      await service.fetch(`/v1/files/${id}`, { method: 'DELETE' });
    };
    await giveUp('one');
    const beside = await gc(settings, '--json');
    expect(beside).toMatchObject({ code: 0 });
    expect(JSON.parse(beside.stdout)).toMatchObject({ deleted: { objects: 1, bytes: 3 } });
    const log = await service.json<{ items: object[] }>(200, '/v1/audit?action=gc.run');
    expect(log.items).toMatchObject([{ actorId: null, details: { force: false } }]);
    await giveUp('another');
    expect(await service.kill('SIGTERM')).toBe(0);
    const foreseen = await gc(settings, '--dry-run');
    expect(foreseen).toMatchObject({ code: 0 });
    expect(foreseen.stdout).toContain('nothing was changed');
    expect(foreseen.stdout).toContain('1 objects removed, 7 bytes');
    const stopped = await gc(settings);
    expect(stopped).toMatchObject({ code: 0 });
    expect(stopped.stdout).toContain('1 files marked for removal, 7 bytes');
    await rm(dataDir, { recursive: true, force: true });
  });

  it('ends with 1 after failed removals, with 2 under a brake, with 3 when it cannot run', async () => {
    const place = await createServicePlace();
    await migrate({ url: place.database.url }, MIGRATIONS);
    const intent = (key: string): Promise<unknown> =>
      place.database.query(
        `INSERT INTO storage_intents (id, kind, backend, storage_key)
         VALUES (gen_random_uuid(), 'delete', 'local', $1)`,
        [key],
      );
    await intent('not a path of ours');
    const failed = await gc(place.settings);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('1 removals failed');
    expect(failed.stdout).toMatch(/not a path of ours: 1 times, next at \d{4}-/);
    await place.database.query('TRUNCATE gc_state');
    const heldBack = await gc(place.settings);
    expect(heldBack.code).toBe(2);
    expect(heldBack.stdout).toContain('HELD BACK: The store has seen a later state');
    await place.database.query('DROP TABLE gc_state');
    const old = await gc(place.settings);
    expect(old).toMatchObject({ code: 3 });
    expect(old.stderr).toContain('start the service once');
    await place.remove();
  });
});
