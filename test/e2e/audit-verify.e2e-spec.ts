import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServicePlace, type ServicePlace } from '../support/service-place.js';
import { startService } from '../support/service.js';

const COMMAND = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'audit-verify.js');

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function verify(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const run = promisify(execFile)(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env['PATH'], ...env },
  });
  return await run.then(
    (output) => ({ code: 0, ...output }),
    (error: Ended) => error,
  );
}

let place: ServicePlace;
beforeAll(async () => {
  place = await createServicePlace();
});
afterAll(() => place.remove());

describe('npm run audit:verify', () => {
  it('looks beside a running service and on a stopped one, whose embedded database it starts', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'stratum-audit-'));
    const settings = { STRATUM_DATA_DIR: dataDir, DATABASE_URL: '' };
    const service = await startService(settings);
    for (const content of ['one', 'two']) await service.upload(content);
    const beside = await verify(settings, '--json');
    expect(beside).toMatchObject({ code: 0 });
    expect(JSON.parse(beside.stdout)).toMatchObject({ ok: true, findings: [] });
    expect(await service.kill('SIGTERM')).toBe(0);
    const stopped = await verify(settings);
    expect(stopped).toMatchObject({ code: 0 });
    expect(stopped.stdout).toMatch(/^[3-9] entries hold, in 1 segments|^2 entries hold/m);
    expect(stopped.stdout).toContain('Nothing waits for its seal.');
    expect(stopped.stdout).toContain('The audit log is what was written.');
    await rm(dataDir, { recursive: true, force: true });
  });

  it('ends with 1 and names the place when the log was changed', async () => {
    const service = await startService(place.settings);
    for (const content of ['one', 'two', 'three']) await service.upload(content);
    expect(await service.kill('SIGTERM')).toBe(0);
    await place.database.query(`
      SET LOCAL session_replication_role = replica;
      UPDATE audit_log SET actor_name = 'somebody' WHERE id = (SELECT entry_id FROM audit_seals WHERE seq = 2)`);
    const { code, stdout } = await verify(place.settings);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^entry-changed \(seq 2\): Entry \d+/);
    expect(stdout).toContain('THE AUDIT LOG WAS CHANGED.');
  });

  it('ends with 2 where there is nothing to look at', async () => {
    const empty = await verify({ STRATUM_DATA_DIR: join(place.dataDir, 'absent') });
    expect(empty.code).toBe(2);
    expect(empty.stderr).toContain('has no database');
    await place.database.query('DROP TABLE audit_seals, audit_segments, audit_pending, audit_log');
    const old = await verify(place.settings);
    expect(old.code).toBe(2);
    expect(old.stderr).toContain('no audit log yet');
  });
});
