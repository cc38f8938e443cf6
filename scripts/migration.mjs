/**
 * The TypeORM CLI on the build, with a database to run on:
 *
 *     generate <name>    what the entities say and the database lacks, as src/migrations/<time>-<name>.ts
 *     generate --check   fails if the migrations do not make what the entities say
 *     run, revert        the migrations that are due; the last one undone
 *
 * The database is that of DATABASE_URL, else the embedded one of STRATUM_DATA_DIR. `generate` needs
 * one that all migrations have been run on; without DATABASE_URL, and always for `--check`, it
 * makes one in a temporary folder.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = (file) => import(pathToFileURL(join(root, 'dist', 'src', file)).href);

const [command, argument] = process.argv.slice(2);
const isCheck = argument === '--check';
const isName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(argument ?? '');
if (command === 'generate' ? !isCheck && !isName : !['run', 'revert'].includes(command)) {
  console.error(
    'Usage: npm run migration:generate -- <verb-noun> | migration:run | :revert | :check',
  );
  process.exit(2);
}

/** Runs `use` with the URL of the embedded PostgreSQL of a data folder, shared if it is running. */
async function withEmbedded(dataDir, use) {
  const { shareEmbeddedPostgres } = await built('core/database/embedded/index.js');
  const postgres = await shareEmbeddedPostgres({ dataDir, log: (line) => console.error(line) });
  const { host, port, user, database } = postgres.connection;
  try {
    return await use(
      `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`,
    );
  } finally {
    await postgres.stop();
  }
}

async function withScratchDatabase(use) {
  const dataDir = mkdtempSync(join(tmpdir(), 'stratum-migration-'));
  try {
    return await withEmbedded(dataDir, async (url) => {
      const { migrate } = await built('core/database/index.js');
      const { MIGRATIONS } = await built('migrations/index.js');
      await migrate({ url }, MIGRATIONS);
      return use(url);
    });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Returns the exit code. */
function typeorm(url, ...args) {
  const cli = createRequire(import.meta.url).resolve('typeorm/cli.js');
  const { status } = spawnSync(
    process.execPath,
    [cli, ...args, '-d', join(root, 'dist', 'ormconfig.js')],
    { cwd: root, stdio: 'inherit', env: { ...process.env, DATABASE_URL: url } },
  );
  return status ?? 1;
}

const { loadEnv } = await built('core/config/load-env.js');

if (command === 'generate') {
  const path = join('src', 'migrations', isCheck ? 'check' : argument);
  const generate = (url) =>
    typeorm(url, 'migration:generate', path, '--pretty', ...(isCheck ? ['--check'] : []));
  const url = isCheck ? undefined : loadEnv().DATABASE_URL;
  process.exitCode = url ? generate(url) : await withScratchDatabase(generate);
  if (process.exitCode === 0 && !isCheck) {
    console.log('Name it in src/migrations/index.ts, read it, and format it: npm run format');
  }
} else {
  const env = loadEnv();
  const act = (url) => typeorm(url, `migration:${command}`);
  process.exitCode = env.DATABASE_URL
    ? act(env.DATABASE_URL)
    : await withEmbedded(env.STRATUM_DATA_DIR, act);
}
