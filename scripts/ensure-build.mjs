/**
 * Builds `dist` unless it already is the build of these sources, or in any case with `--force`.
 * Content decides, not times: a checkout or a copy changes times, and a stale build that starts is
 * worse than a second lost.
 */
import './check-node.mjs';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
// As a whole: a named import that an old Node lacks (globSync) fails before the check can speak.
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'dist', '.sources.sha256');
const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');

const isCurrent = (digest) => fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === digest;

function digestOfSources() {
  const patterns = [
    'src/**/*.ts',
    'ormconfig.ts',
    'tsconfig*.json',
    'nest-cli.json',
    'package-lock.json',
  ];
  const hash = createHash('sha256');
  for (const file of fs.globSync(patterns, { cwd: root }).sort()) {
    hash
      .update(file)
      .update('\0')
      .update(fs.readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/**
 * Of several that start at once one builds and the others wait. SQLite's is the only lock that Node
 * has and that the kernel takes back from a process that was killed.
 */
async function withLock(use) {
  const folder = join(root, 'node_modules', '.cache', 'stratum');
  fs.mkdirSync(folder, { recursive: true });
  const { DatabaseSync } = await import('node:sqlite');
  const lock = new DatabaseSync(join(folder, 'build.lock'));
  lock.exec('PRAGMA busy_timeout = 600000; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  try {
    use();
  } finally {
    lock.close();
  }
}

function build(digest) {
  console.error('Building …');
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
  if (status === 0) fs.writeFileSync(stamp, digest);
}

const isForced = process.argv.includes('--force');
const digest = digestOfSources();
if (isForced || !isCurrent(digest)) {
  if (!fs.existsSync(nest)) {
    console.error('What the build needs is not installed. Run `npm ci` first.');
    process.exit(1);
  }
  await withLock(() => {
    if (isForced || !isCurrent(digest)) build(digest);
  });
}
