import { createHash } from 'node:crypto';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Everything below a folder: names, kinds, modes, and digests of what files hold. */
export async function treeOf(
  folder: string,
  isLeftOut: (path: string) => boolean = () => false,
): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const tree: Record<string, string> = {};
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (isLeftOut(name)) continue;
    if (entry.isSymbolicLink()) tree[name] = `link to ${await readlink(path)}`;
    else if (entry.isFile()) tree[name] = await fileLine(path);
    else tree[name] = entry.isDirectory() ? 'folder' : 'other';
  }
  return Object.fromEntries(Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function fileLine(path: string): Promise<string> {
  const { mode, size } = await stat(path);
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return `${mode.toString(8)} ${size} ${digest}`;
}
