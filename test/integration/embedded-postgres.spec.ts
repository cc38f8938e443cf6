import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chown, cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
  type HolderOptions,
} from '../support/embedded-postgres-lab.js';

const isRoot = process.getuid?.() === 0;
const hasDeathSignal = existsSync('/usr/bin/setpriv');

describe('the embedded PostgreSQL', () => {
  let lab: string;
  let launcher: string;
  /** Has a cluster after the first test; the later ones go on from it. */
  let data: string;
  let holders: Holder[] = [];

  const hold = (folder: string, options: Partial<HolderOptions> = {}): Holder => {
    const holder = new Holder(folder, { launcher, ...options });
    holders.push(holder);
    return holder;
  };

  beforeAll(async () => {
    lab = await makeOpenFolder();
    launcher = await cloneLauncher(join(lab, 'clone'), 'copied');
    data = join(lab, 'data');
  });
  afterEach(async () => {
    await Promise.all(holders.map((holder) => holder.stop()));
    holders = [];
  });
  afterAll(async () => await removeFolder(lab));

  it('makes a cluster on a private socket, durable and Unicode even in an empty environment', async () => {
    const holder = hold(data, { env: {} });
    const connection = await holder.ready();
    console.log(`first start: ${(await holder.outcome()).ms} ms`);

    expect(connection).toEqual({
      host: join(data, 'postgres'),
      port: 5432,
      user: 'stratum',
      database: 'stratum',
    });
    expect((await readdir(data)).sort()).toEqual([
      'control.sock',
      'owner.lock',
      'postgres',
      'postgres.log',
    ]);
    expect(statSync(join(data, 'postgres')).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'owner.lock')).mode & 0o777).toBe(0o600);
    const settings = await query(
      connection,
      `SELECT current_setting('listen_addresses') listen, current_setting('fsync') fsync,
              current_setting('server_encoding') encoding, current_setting('timezone') zone`,
    );
    expect(settings).toEqual([{ listen: '', fsync: 'on', encoding: 'UTF8', zone: 'UTC' }]);
    await query(connection, 'CREATE EXTENSION pg_trgm');
    const [text] = await query(
      connection,
      `SELECT lower('ПОГОДА') AS small, 'Набор ДАННЫХ' ILIKE '%данных%' AS found,
              similarity('Данные о погоде', 'данные') > 0.3 AS cyrillic,
              similarity('気象データセット', 'データセット') > 0.3 AS japanese`,
    );
    expect(text).toEqual({ small: 'погода', found: true, cyrillic: true, japanese: true });
    await query(connection, `CREATE TABLE kept AS SELECT 'before' AS word`);
  });

  it('keeps its data over a restart, and leaves no socket behind when stopped', async () => {
    expect((await readdir(data)).sort()).toEqual(['owner.lock', 'postgres', 'postgres.log']);
    expect(existsSync(join(data, 'postgres/postmaster.pid'))).toBe(false);

    const holder = hold(data);
    expect(await query(await holder.ready(), 'SELECT word FROM kept')).toEqual([
      { word: 'before' },
    ]);
    console.log(`start on an existing cluster: ${(await holder.outcome()).ms} ms`);
  });

  it('survives kill -9 of its owner', async () => {
    const holder = hold(data);
    await query(await holder.ready(), `INSERT INTO kept VALUES ('committed')`);
    const pid = postmasterPid(data);
    await holder.kill();
    if (hasDeathSignal) await eventually(() => !isRunning(pid));

    const next = hold(data);
    const rows = await query(await next.ready(), 'SELECT count(*)::int n FROM kept');
    expect(rows).toEqual([{ n: 2 }]);
    expect(isRunning(pid)).toBe(false);
  });

  it('tells a second starter who holds the data folder', async () => {
    const holder = hold(data);
    await holder.ready();
    const refusal = await hold(data).outcome();
    expect(refusal).toMatchObject({
      event: 'failed',
      name: 'DataFolderInUseError',
      pid: holder.pid,
      holder: { command: 'test start', address: 'http://127.0.0.1:3000' },
    });
    expect(Date.parse(refusal.startedAt ?? '')).toBeLessThan(Date.now());
    expect(refusal.message).toContain(`process ${holder.pid} at http://127.0.0.1:3000 (ready)`);
  });

  it('is shared with a command beside its owner, and owned by one alone', async () => {
    const owner = hold(data);
    await eventually(() => existsSync(join(data, 'control.sock')));
    // Started early on purpose: it waits for an owner that is still starting.
    const guest = hold(data, { mode: 'share' });
    const { owned, connection } = await guest.outcome();
    expect(owned).toBe(false);
    expect(await owner.ready()).toEqual(connection);
    await guest.stop();
    expect(await query(connection!, 'SELECT 1 one')).toEqual([{ one: 1 }]);
    await owner.stop();

    const alone = hold(data, { mode: 'share' });
    expect(await alone.outcome()).toMatchObject({ event: 'ready', owned: true });
  });

  it('has exactly one owner when eight start at once over a stale socket', async () => {
    for (let round = 0; round < 3; round++) {
      const killed = hold(data);
      await killed.ready();
      await killed.kill();
      expect(existsSync(join(data, 'control.sock'))).toBe(true);

      const racers = Array.from({ length: 8 }, () => hold(data));
      const outcomes = await Promise.all(racers.map((racer) => racer.outcome()));
      const owner = racers[outcomes.findIndex(({ event }) => event === 'ready')];
      const losers = outcomes.filter(({ event }) => event === 'failed');
      expect(losers).toHaveLength(7);
      for (const loser of losers) {
        expect(loser).toMatchObject({ name: 'DataFolderInUseError', pid: owner?.pid });
      }
      await Promise.all(racers.map((racer) => racer.stop()));
    }
  });

  it('stops a postmaster that a killed owner left behind', async () => {
    const leftover = startPostmaster(data, ['-c', `stratum.cluster=${join(data, 'postgres')}`]);
    await eventually(() => existsSync(join(data, 'postgres/.s.PGSQL.5432')));
    const holder = hold(data);
    await holder.ready();
    expect(isRunning(leftover.pid!)).toBe(false);
    expect(holder.logged.join()).toContain(`process ${leftover.pid}`);
  });

  it('starts although a session of a killed postmaster still computes', async () => {
    const holder = hold(data);
    const connection = await holder.ready();
    const busy = query(connection, 'SELECT count(*) FROM generate_series(1, 400000000)');
    const broken = expect(busy).rejects.toThrow();
    await sleep(300);
    process.kill(postmasterPid(data), 'SIGKILL');
    await holder.kill();
    const next = hold(data);
    expect(await query(await next.ready(), 'SELECT 1 one')).toEqual([{ one: 1 }]);
    expect(next.logged.join()).toContain('Stopping sessions');
    await broken;
  });

  it('leaves a PostgreSQL alone that somebody else started on the cluster', async () => {
    const foreign = startPostmaster(data, []);
    await eventually(() => existsSync(join(data, 'postgres/.s.PGSQL.5432')));
    const outcome = await hold(data).outcome();
    expect(outcome).toMatchObject({ event: 'failed', name: 'EmbeddedPostgresFailedError' });
    expect(outcome.message).toContain(`process ${foreign.pid}`);
    expect(isRunning(foreign.pid!)).toBe(true);
    foreign.kill('SIGINT');
    await eventually(() => !isRunning(foreign.pid!));
  });

  it('spares a process that has got the pid of a dead postmaster', async () => {
    const { uid, gid } = statSync(join(data, 'postgres'));
    const innocent = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
    const record = join(data, 'postgres/postmaster.pid');
    await writeFile(record, `${innocent.pid}\n${join(data, 'postgres')}\n1\n5432\n.\n\n`);
    await chown(record, uid, gid);
    const socketLock = join(data, 'postgres/.s.PGSQL.5432.lock');
    await cp(record, socketLock);
    await chown(socketLock, uid, gid);
    await hold(data).ready();
    expect(isRunning(innocent.pid!)).toBe(true);
    innocent.kill();
  });

  it('logs the death of its server with the end of the log', async () => {
    const holder = hold(data);
    await holder.ready();
    process.kill(postmasterPid(data), 'SIGQUIT');
    await holder.until(() => holder.logged.some((line) => line.includes('ended unexpectedly')));
    expect(holder.logged.join('\n')).toContain('immediate shutdown request');
  });

  it('starts again after kill -9 in the middle of initdb', async () => {
    const fresh = join(lab, 'interrupted');
    const holder = hold(fresh);
    const unfinished = () => readdirSync(fresh).find((name) => name.startsWith('postgres.init-'));
    // By then initdb has made its files and runs the bootstrap script.
    await eventually(() => {
      const name = existsSync(fresh) && unfinished();
      return name && existsSync(join(fresh, name, 'pg_hba.conf'));
    });
    await holder.kill();
    expect(existsSync(join(fresh, 'postgres'))).toBe(false);
    expect(unfinished()).toBeDefined();

    expect(await query(await hold(fresh).ready(), 'SELECT 1 one')).toEqual([{ one: 1 }]);
    expect(unfinished()).toBeUndefined();
  });

  function startPostmaster(folder: string, extra: string[]): ChildProcess {
    const { uid, gid } = statSync(join(folder, 'postgres'));
    const native = join(lab, 'clone/node_modules', BINARIES_PACKAGE, 'native');
    return spawn(
      join(native, 'bin/postgres'),
      ['-D', join(folder, 'postgres'), '-c', 'listen_addresses=', '-k', '.', ...extra],
      { cwd: '/', env: {}, stdio: 'ignore', ...(isRoot ? { uid, gid } : {}) },
    );
  }
});
