/**
 * Runs Jest with what its ESM support needs, on the Node that npm put first on the PATH, beside a
 * PostgreSQL of its own in a temporary folder. Arguments go to Jest.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import config from '../jest.config.js';

/** Jest takes every word after `--selectProjects` for a project; here it takes projects only. */
function projectsLast(args) {
  const names = config.projects.map(({ displayName }) => displayName);
  const start = args.indexOf('--selectProjects');
  if (start === -1) return args;
  const end = args.findIndex((word, at) => at > start && !names.includes(word));
  const selection = args.splice(start, (end === -1 ? args.length : end) - start);
  return [...args, ...selection];
}

const bin = join(
  dirname(createRequire(import.meta.url).resolve('jest/package.json')),
  'bin/jest.js',
);

/**
 * Without fsync: this server's data outlives no run, and what is tested of durability is tested on
 * servers of the tests' own. Each test's database is a copy of a migrated one.
 */
async function prepare(url) {
  const server = new pg.Client({ connectionString: url });
  await server.connect();
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    await server.query(`ALTER SYSTEM SET ${setting} = off`);
  }
  await server.query('SELECT pg_reload_conf()');
  await server.query('CREATE DATABASE migrated');
  await server.end();
  const { migrate } = await import('../dist/src/core/database/index.js');
  const { MIGRATIONS } = await import('../dist/src/migrations/index.js');
  const database = new URL(url);
  database.pathname = '/migrated';
  await migrate({ url: database.href }, MIGRATIONS);
  // As every application would at its first job: its statements take a second.
  const queue = new PgBoss({ connectionString: database.href, schedule: false });
  await queue.start();
  await queue.createQueue('jobs');
  await queue.stop({ graceful: false });
}

const { startEmbeddedPostgres } = await import('../dist/src/core/database/embedded/index.js');
const dataDir = mkdtempSync(join(tmpdir(), 'stratum-test-'));
const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
const { host, port, user } = postgres.connection;

const url = `postgres://${user}@localhost:${port}/postgres?host=${encodeURIComponent(host)}`;
await prepare(url);

const jest = spawn(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', bin, ...projectsLast(process.argv.slice(2))],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      STRATUM_TEST_POSTGRES: url,
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
const code = await new Promise((resolve) => jest.on('exit', (status) => resolve(status ?? 1)));
await postgres.stop();
rmSync(dataDir, { recursive: true, force: true });
process.exit(code);
