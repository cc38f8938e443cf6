import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineCrashedError, EngineDeadlineError, EngineMemoryError } from '../tabular.errors.js';
import { CHILD_MAIN } from './child-main.js';
import type { Reply, Request, Sandbox } from './engine.types.js';
import { reviveFailure } from './failures.js';
import { ENVIRONMENT } from './sandbox.js';

/** How often the resident memory of a child that works is looked at. */
const WATCH_MS = 50;
/** JavaScript's own heap; what DuckDB has is counted elsewhere. */
const HEAP_MIB = 512;

export interface ChildOptions {
  sandbox: Sandbox;
  /** Folder of all children; each makes one of its own in it. */
  root: string;
  /** Resident memory in bytes above which it is killed. */
  memoryBytes: number;
}

/**
 * One process that runs DuckDB and readers on bytes that may be hostile. It answers one request at a
 * time, and whatever goes wrong with it, from a crash to a query that does not listen, ends here: with
 * SIGKILL and a failure of that one request.
 */
export class EngineChild {
  /** Whose work it has seen: nobody else's comes to it afterwards. */
  caller: string | null = null;
  /** Sessions so far. */
  sessions = 0;
  /** Retires it, while it has nothing to do. */
  idleTimer?: NodeJS.Timeout;
  /** Whether something went wrong in it: then it is not used again. */
  private isSpoilt = false;
  private settle: ((reply: Reply | Error) => void) | null = null;
  private hasExited = false;

  private constructor(
    private readonly process: ChildProcess,
    /** Its working folder, which it owns. */
    readonly folder: string,
    private readonly options: ChildOptions,
  ) {
    process.on('message', (reply: Reply) => this.reply(reply));
    process.on('error', () => this.end());
    process.on('exit', () => this.end());
  }

  /** Resolves when it has loaded its code and is who it shall be. @throws EngineCrashedError */
  static async start(options: ChildOptions): Promise<EngineChild> {
    const { sandbox, root } = options;
    const folder = join(root, randomUUID());
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (sandbox.account) await chown(folder, sandbox.account.uid, sandbox.account.gid);
    const [command, ...args] = [
      ...sandbox.launcher,
      process.execPath,
      `--max-old-space-size=${HEAP_MIB}`,
      CHILD_MAIN,
      JSON.stringify(sandbox.account),
    ];
    const child = spawn(command as string, args, {
      cwd: folder,
      env: ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    const started = new EngineChild(child, folder, options);
    await started.answer();
    return started;
  }

  /** Whom it has become. */
  get account(): Sandbox['account'] {
    return this.options.sandbox.account;
  }

  get pid(): number {
    return this.process.pid as number;
  }

  get isUsable(): boolean {
    return !this.hasExited && !this.isSpoilt;
  }

  /**
   * @param limits `deadlineMs` from now on it is killed; `allowedMs` is what it had in all
   * @throws what the child says; EngineDeadlineError, EngineMemoryError, EngineCrashedError; the
   *   signal's reason
   */
  async ask(
    request: Request,
    limits: { deadlineMs: number; allowedMs?: number; signal?: AbortSignal },
  ): Promise<unknown> {
    const { deadlineMs, allowedMs = deadlineMs, signal } = limits;
    signal?.throwIfAborted();
    const answer = this.answer();
    this.process.send(request, (error) => error && this.end());
    const deadline = setTimeout(
      () => this.kill(new EngineDeadlineError(Math.round(allowedMs / 1000))),
      deadlineMs,
    );
    const watch = setInterval(() => void this.watchMemory(), WATCH_MS);
    const abort = (): void => this.kill(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const reply = await answer;
      if ('failure' in reply) {
        this.isSpoilt = true;
        throw reviveFailure(reply.failure);
      }
      return reply.output;
    } finally {
      clearTimeout(deadline);
      clearInterval(watch);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends it, and whoever waits for an answer gets this failure. */
  kill(reason: Error = new EngineCrashedError()): void {
    this.isSpoilt = true;
    this.process.kill('SIGKILL');
    this.reply(reason);
  }

  /** Resolves when neither the process nor its folder is left. */
  async remove(): Promise<void> {
    this.kill();
    if (!this.hasExited) await once(this.process, 'exit').catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true });
  }

  private answer(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.hasExited) reject(new EngineCrashedError());
      this.settle = (reply) => (reply instanceof Error ? reject(reply) : resolve(reply));
    });
  }

  private reply(reply: Reply | Error): void {
    this.settle?.(reply);
    this.settle = null;
  }

  private end(): void {
    this.hasExited = true;
    this.reply(new EngineCrashedError());
  }

  private async watchMemory(): Promise<void> {
    if (process.platform !== 'linux' || this.process.pid === undefined) return;
    const status = await readFile(`/proc/${this.process.pid}/statm`, 'utf8').catch(() => '');
    const pages = Number(status.split(' ')[1] ?? 0);
    if (pages * PAGE_BYTES > this.options.memoryBytes) {
      this.kill(new EngineMemoryError('It needs more memory than one request may have.'));
    }
  }
}

/** Of every Linux that Node.js runs on but some ARM systems, whose pages are larger: there it is killed later. */
const PAGE_BYTES = 4096;
