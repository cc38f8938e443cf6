/**
 * Builds `dist` unless it already is the build of these sources. Content decides, not times: a
 * checkout or a copy changes times, and a stale build that starts is worse than a second lost.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'dist', '.sources.sha256');

const hash = createHash('sha256');
const sources = globSync(
  ['src/**/*.ts', 'ormconfig.ts', 'tsconfig*.json', 'nest-cli.json', 'package-lock.json'],
  {
    cwd: root,
  },
).sort();
for (const file of sources)
  hash
    .update(file)
    .update('\0')
    .update(readFileSync(join(root, file)));
const digest = hash.digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  console.error('Building …');
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, digest);
}
