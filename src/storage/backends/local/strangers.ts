import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { STORAGE_PATH } from '../../../core/contracts/storage-backend.contract.js';
import type { Stranger } from '../stranger.js';
import { isErrno } from './sync.js';

const DAY_MS = 86_400_000;
const STAGING = '.staging';

/**
 * What lies in the folders of a local store and no listing of it shows: links, folders among staged
 * files, names that no method takes. What lies beside these folders is its owner's, such as `lost+found`.
 */
export async function* strangersOn({ root }: { root: string }): AsyncIterable<Stranger> {
  for (const folder of ['blobs', 'gc', STAGING]) yield* strangersIn(root, folder);
}

async function* strangersIn(root: string, folder: string): AsyncIterable<Stranger> {
  for (const entry of await entriesOf(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
    const isStaged = folder === STAGING;
    const isName = STORAGE_PATH.test(entry.name);
    if (entry.isDirectory() && isName && !isStaged) yield* strangersIn(root, path);
    else if (!entry.isFile() || (await isForgotten(root, path, entry))) {
      const stagedPath = isStaged ? entry.name.replaceAll('~', '/') : undefined;
      yield { path, what: kindOf(entry), stagedPath };
    }
  }
}

/**
 * A file that no listing shows, and that nobody is at work with: hidden ones come and go, by file
 * systems, copying programs and a service that starts.
 */
async function isForgotten(root: string, path: string, { name }: Dirent): Promise<boolean> {
  // Listed as staged, whatever it is called.
  if (STORAGE_PATH.test(name) || (path.startsWith(STAGING) && !name.startsWith('.'))) return false;
  const found = await lstat(join(root, path)).catch(gone);
  return found !== null && (!name.startsWith('.') || Date.now() - found.mtimeMs > DAY_MS);
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return (await readdir(folder, { withFileTypes: true }).catch(gone)) ?? [];
}

function gone(error: unknown): null {
  if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
  throw error;
}

function kindOf(entry: Dirent): string {
  if (entry.isFile()) return 'a file';
  if (entry.isDirectory()) return 'a folder';
  return entry.isSymbolicLink() ? 'a symbolic link' : 'no file';
}
