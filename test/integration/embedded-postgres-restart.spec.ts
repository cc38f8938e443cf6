import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askOwner } from '../../src/core/database/embedded/control-socket.js';
import {
  BINARIES_PACKAGE,
  cloneLauncher,
  eventually,
  Holder,
  isRunning,
  makeOpenFolder,
  postmasterPid,
  query,
  removeFolder,
  type Connection,
} from '../support/embedded-postgres-lab.js';

describe('an embedded PostgreSQL that was killed', () => {
  let lab: string;
  let launcher: string;
  let data: string;
  let holder: Holder;
  let connection: Connection;
  let sessions: number[];

  beforeAll(async () => {
    lab = await makeOpenFolder();
    launcher = await cloneLauncher(join(lab, 'clone'), 'copied');
    data = join(lab, 'data');
  });
  beforeEach(async () => await hold(data));
  afterEach(async () => {
    await holder.stop();
    await expectNothingLeft();
  });
  afterAll(async () => await removeFolder(lab));

  it('is started again at the same connection, with all that was committed', async () => {
    await query(connection, `CREATE TABLE kept AS SELECT 'committed' AS word`);
    const killed = kill();
    await eventually(async () => (await askOwner(data))?.state === 'starting');
    expect(await askOwner(data)).not.toHaveProperty('connection');

    await answers();
    expect(await query(connection, 'SELECT word FROM kept')).toEqual([{ word: 'committed' }]);
    expect(postmasterPid(data)).not.toBe(killed);
    await eventually(async () => (await askOwner(data))?.state === 'ready');
    expect(await askOwner(data)).toMatchObject({ pid: holder.pid, connection });
    expect(holder.logged).toEqual([
      expect.stringContaining('PostgreSQL ended unexpectedly (SIGKILL)'),
      'PostgreSQL is started again.',
      'PostgreSQL is ready again.',
    ]);
  });

  it('is started again twice in a row, and after a shutdown by hand', async () => {
    for (const signal of ['SIGKILL', 'SIGKILL', 'SIGINT'] as const) {
      const killed = kill(signal);
      await eventually(() => !isRunning(killed));
      await answers();
      expect(postmasterPid(data)).not.toBe(killed);
    }
  });

  it('is started again although a session still computes', async () => {
    const broken = compute();
    await sleep(300);
    kill();
    await broken;
    await answers();
  });

  it('is waited for by a command that shares it', async () => {
    kill();
    await eventually(async () => (await askOwner(data))?.state === 'starting');
    const guest = new Holder(data, { launcher, mode: 'share' });
    expect(await guest.ready()).toEqual(connection);
    await guest.stop();
  });

  it('is tried again when it does not start, and then says why', async () => {
    const program = join(lab, 'clone/node_modules', BINARIES_PACKAGE, 'native/bin/postgres');
    await rename(program, `${program}.away`);
    kill();
    await holder.until(() => holder.logged.join('\n').includes('next try in 2 s'));
    expect(holder.logged.join('\n')).toContain('PostgreSQL did not start');
    expect((await askOwner(data))?.state).toBe('starting');
    await rename(`${program}.away`, program);
    await answers();
  });

  it('is given up while it can’t be started', async () => {
    const program = join(lab, 'clone/node_modules', BINARIES_PACKAGE, 'native/bin/postgres');
    await rename(program, `${program}.away`);
    kill();
    await holder.until(() => holder.logged.join('\n').includes('next try in'));
    const begun = performance.now();
    await holder.stop();
    expect(performance.now() - begun).toBeLessThan(1_000);
    await rename(`${program}.away`, program);
  });

  it.each([0, 100, 1_000, 1_100, 1_300])(
    'leaves nothing behind when stopped %i ms later',
    async (delay) => {
      kill();
      await sleep(delay);
      await holder.stop();
    },
  );

  it('leaves nothing behind when stopped while it recovers', async () => {
    await query(connection, 'CREATE TABLE large AS SELECT generate_series(1, 2000000) AS n');
    kill();
    await holder.until(() => holder.logged.includes('PostgreSQL is started again.'));
    await sleep(300);
    await holder.stop();
    expect(holder.logged).not.toContain('PostgreSQL is ready again.');
    expect(await readFile(join(data, 'postgres.log'), 'utf8')).toMatch(
      /redo starts[^]*shutdown request(?![^]*ready to accept)/,
    );
  });

  it('leaves no session behind that still computes', async () => {
    const broken = compute();
    await sleep(300);
    sessions = await sessionPids();
    kill();
    await holder.stop();
    await broken;
  });

  it('leaves nothing behind in a path of 120 characters', async () => {
    await holder.stop();
    const base = join(lab, 'long');
    const long = join(base, 'x'.repeat(119 - base.length));
    await hold(long);
    kill('SIGKILL', long);
    await answers(long);
    kill('SIGKILL', long);
    await holder.stop();
    expect(existsSync(dirname(connection.host))).toBe(false);
  });

  async function hold(folder: string): Promise<void> {
    holder = new Holder(folder, { launcher });
    connection = await holder.ready();
    sessions = await sessionPids();
  }

  function kill(signal: NodeJS.Signals = 'SIGKILL', folder = data): number {
    const pid = postmasterPid(folder);
    sessions.push(pid);
    process.kill(pid, signal);
    return pid;
  }

  async function sessionPids(): Promise<number[]> {
    const rows = await query(connection, 'SELECT pid FROM pg_stat_activity');
    return rows.map(({ pid }) => Number(pid));
  }

  /** Ends by the death of its session. */
  async function compute(): Promise<void> {
    const busy = query(connection, 'SELECT count(*) FROM generate_series(1, 400000000)');
    await expect(busy).rejects.toThrow();
  }

  async function answers(folder = data): Promise<void> {
    await eventually(() =>
      query(connection, 'SELECT 1').then(
        () => true,
        () => false,
      ),
    );
    sessions.push(postmasterPid(folder), ...(await sessionPids()));
  }

  async function expectNothingLeft(): Promise<void> {
    await eventually(() => !sessions.some(isRunning));
    expect((await readdir(data)).sort()).toEqual(['owner.lock', 'postgres', 'postgres.log']);
    const sockets = (await readdir(join(data, 'postgres'))).filter((name) =>
      name.startsWith('.s.'),
    );
    expect(sockets).toEqual([]);
  }
});
