import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { syncFolder } from './data-folder.js';

/**
 * A copy of the PostgreSQL binaries, one folder per content:
 *
 *     <base>/postgres-<hash>/{bin,lib,share}   complete, since it came here by a rename
 *     <base>/incoming-<random>/                being copied; a leftover is harmless
 *
 * What lies here is executed, so a base counts only if it is ours and nobody else may write to it.
 */
export interface CachedCopy {
  folder: string;
  copied: boolean;
}

/** Bases to try, best first. */
export function cacheBases(): string[] {
  const uid = process.getuid?.() ?? 0;
  return uid === 0
    ? ['/var/cache/stratum', '/var/tmp/stratum-cache-0', join(tmpdir(), 'stratum-cache-0')]
    : [join(homedir(), '.cache', 'stratum'), join(tmpdir(), `stratum-cache-${uid}`)];
}

/** Finds or makes the copy below `base`; `finish` completes it before others can see it. */
export async function copyToCache(
  native: string,
  base: string,
  finish: (folder: string) => Promise<unknown>,
): Promise<CachedCopy> {
  await makeSafeBase(base);
  const files = await listFiles(native);
  const folder = join(base, `postgres-${await hashFiles(native, files)}`);
  if (await lstat(folder).catch(() => undefined)) return { folder, copied: false };

  const incoming = join(base, `incoming-${randomBytes(8).toString('hex')}`);
  try {
    await copyFiles(native, files, incoming);
    await finish(incoming);
    await rename(incoming, folder);
    await syncFolder(base);
  } catch (error) {
    await rm(incoming, { recursive: true, force: true });
    // Another process was faster: its copy has the same content.
    if (await lstat(folder).catch(() => undefined)) return { folder, copied: false };
    throw error;
  }
  return { folder, copied: true };
}

/** In a shared folder somebody else may have taken the name, to have us execute what lies there. */
async function makeSafeBase(base: string): Promise<void> {
  if (await mkdir(base, { recursive: true })) await chmod(base, 0o755);
  const found = await lstat(base);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new Error(`${base} is not ours alone`);
  }
}

/** Relative paths of files and links; static libraries are of no use to a running server. */
async function listFiles(native: string): Promise<string[]> {
  const entries = await readdir(native, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.a'))
    .map((entry) => relative(native, join(entry.parentPath, entry.name)))
    .sort();
}

/** Links do not count: the launcher makes those that are missing. */
async function hashFiles(native: string, files: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const path = join(native, file);
    if ((await lstat(path)).isFile()) hash.update(`${file}\0`).update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 32);
}

async function copyFiles(from: string, files: string[], to: string): Promise<void> {
  const made = new Set<string>();
  for (const file of files) {
    const target = join(to, file);
    for (let folder = dirname(target); !made.has(folder); folder = dirname(folder)) {
      made.add(folder);
      await mkdir(folder, { recursive: true });
      await chmod(folder, 0o755);
      if (folder === to) break;
    }
    const source = join(from, file);
    if ((await lstat(source)).isSymbolicLink()) {
      await symlink(await readlink(source), target);
      continue;
    }
    await writeDurably(target, await readFile(source), file.startsWith('bin') ? 0o755 : 0o644);
  }
}

// The rename that follows must not become durable before the bytes are.
async function writeDurably(path: string, bytes: Buffer, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(bytes);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
