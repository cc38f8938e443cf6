import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Engine, type SessionOptions } from '../../src/tabular/engine/engine.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { engineChildren } from '../support/engine-children.js';

describe('the engine', () => {
  let running: TestApp;
  let sut: Engine;
  const options = (given: Partial<SessionOptions> = {}): SessionOptions => ({
    callerId: 'ada',
    contents: [],
    deadlineSeconds: 30,
    ...given,
  });
  const task = (sql: string) => ({ tables: [], sql, caps: { rows: 10, bytes: 10_000 } });
  const run = async (sql: string, given: Partial<SessionOptions> = {}): Promise<unknown[]> =>
    await sut.session(options(given), async (session) => {
      const { result } = await session.call('query', task(sql));
      return (JSON.parse(result) as { rows: unknown[] }).rows;
    });
  const foldersLeft = (): string[] => {
    const root = join(running.env.STRATUM_DATA_DIR, 'engine');
    if (!existsSync(root)) return [];
    return readdirSync(root).flatMap((own) =>
      readdirSync(join(root, own)).flatMap((child) => readdirSync(join(root, own, child))),
    );
  };

  beforeAll(async () => {
    running = await startTestApp({ ENGINE_MEMORY_BYTES: String(512 * 1024 ** 2) });
    sut = running.app.get(Engine);
  });
  afterAll(async () => {
    await running.stop();
  });

  it('answers from a DuckDB of its own, and leaves no folder', async () => {
    await expect(run('SELECT 1 AS a, 2::BIGINT AS b')).resolves.toEqual([{ a: 1, b: 2 }]);
    expect(foldersLeft()).toEqual([]);
  });

  it('shows the children neither our environment nor a network', async () => {
    await expect(run("SELECT getenv('PATH')")).rejects.toThrow();
    await expect(run("FROM read_csv('http://127.0.0.1:1/x.csv')")).rejects.toThrow();
  });

  it.each([
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/hostname')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM read_text('../../../bootstrap-key')",
    "COPY (SELECT 1) TO '/tmp/planted.csv'",
    "ATTACH '/tmp/planted.db'",
    'SET enable_external_access = true',
    "SET allowed_directories = ['/']",
    'INSTALL httpfs',
  ])('reaches nothing else: %s', async (sql) => {
    await expect(run(sql)).rejects.toThrow();
    expect(existsSync('/tmp/planted.csv') || existsSync('/tmp/planted.db')).toBe(false);
  });

  it('kills what does not end in time, and goes on', async () => {
    const hog = run('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b', {
      deadlineSeconds: 0.5,
    });
    await expect(hog).rejects.toMatchObject({ code: 'engine-deadline' });
    await expect(run('SELECT 3 AS a')).resolves.toEqual([{ a: 3 }]);
    expect(foldersLeft()).toEqual([]);
  });

  it('kills what takes more memory than it may', async () => {
    const hog = run("SELECT length(repeat('x', 900000000) || range) FROM range(3)");
    await expect(hog).rejects.toMatchObject({ code: 'engine-memory' });
  });

  it('tells of a crash, and goes on', async () => {
    const crashed = sut.session(options(), async (session) => {
      const answer = session.call(
        'query',
        task('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b'),
      );
      process.kill(session.pid, 'SIGKILL');
      return await answer;
    });
    await expect(crashed).rejects.toMatchObject({ code: 'engine-crashed' });
    await expect(run('SELECT 4 AS a')).resolves.toEqual([{ a: 4 }]);
  });

  it('ends with its signal', async () => {
    const controller = new AbortController();
    const work = run('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b', {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error('gone')), 200);
    await expect(work).rejects.toThrow('gone');
  });
});

it('has a process ready before anybody asks', async () => {
  const app = await startTestApp({ ENGINE_SPARE_PROCESSES: '1' });
  try {
    while (engineChildren(app).length === 0) await delay(50);
    const [spare] = engineChildren(app);
    const options = { callerId: 'ada', contents: [], deadlineSeconds: 30 };
    const worked = await app.app.get(Engine).session(options, async ({ pid }) => pid);
    expect(worked).toBe(spare?.pid);
  } finally {
    await app.stop();
  }
});
