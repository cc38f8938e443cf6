import { spawnSync } from 'node:child_process';
import { cp, glob, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Folders that are made, not written. */
const MADE = new Set(['node_modules', 'dist', 'data', 'coverage', '.git', '.cache']);

/** Files of the repository by a glob, relative to its root, sorted; dot files included. */
export async function filesOf(...patterns: string[]): Promise<string[]> {
  const files: string[] = [];
  const options = {
    cwd: ROOT,
    withFileTypes: true as const,
    exclude: ({ name }: { name: string }) => MADE.has(name),
  };
  for await (const entry of glob(patterns, options)) {
    if (entry.isFile()) files.push(relative(ROOT, join(entry.parentPath, entry.name)));
  }
  return files.sort();
}

export const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8');

export const readJson = async <T>(file: string): Promise<T> => JSON.parse(await read(file)) as T;

/** The rows of the Markdown table whose header has these cells, as text without back quotes. */
export function tableOf(markdown: string, header: readonly string[]): string[][] {
  const rows = markdown.split('\n').map((line) =>
    /^\|.*\|$/.test(line)
      ? line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim().replaceAll('`', ''))
      : null,
  );
  const start = rows.findIndex((row) => row && header.every((cell, at) => row[at] === cell));
  if (start === -1) throw new Error(`There is no table | ${header.join(' | ')} |.`);
  const body = rows.slice(start + 2);
  const end = body.indexOf(null);
  return body.slice(0, end === -1 ? undefined : end) as string[][];
}

/** A folder with a few files of the repository and some of the test's own. */
export class Fixture {
  private constructor(readonly folder: string) {}

  static async create(copied: readonly string[]): Promise<Fixture> {
    const fixture = new Fixture(await mkdtemp(join(tmpdir(), 'stratum-architecture-')));
    for (const file of copied) {
      await cp(join(ROOT, file), join(fixture.folder, file), { recursive: true });
    }
    return fixture;
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, file)), { recursive: true });
      await writeFile(join(this.folder, file), text);
    }
  }

  async linkPackages(): Promise<void> {
    await symlink(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface Ran {
  status: number | null;
  stdout: string;
  /** Everything it has said. */
  text: string;
}

/** Runs a script of an installed package in a folder. */
export function runScript(folder: string, script: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules', script), ...args],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  return { status, stdout, text: stdout + stderr };
}
