import { chown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineChild } from './engine-child.js';
import type { EngineTasks, SessionContent, SessionLimits, TaskName } from './engine.types.js';

/** How long a child may take to give up what a session had. */
const END_MS = 5_000;

export interface OpenSession {
  contents: readonly SessionContent[];
  /** Puts the contents into this folder, each under its place in the list. */
  bring: (folder: string) => Promise<void>;
  deadlineMs: number;
  limits: SessionLimits;
  signal?: AbortSignal;
}

/** What one request has in a child: its contents, a fresh DuckDB, and a folder, until it is closed. */
export class EngineSession {
  private constructor(
    private readonly child: EngineChild,
    private readonly name: string,
    private readonly options: OpenSession,
    /** On the clock of `performance`. */
    private readonly deadline: number,
  ) {}

  static async open(child: EngineChild, options: OpenSession): Promise<EngineSession> {
    const name = `s${child.sessions}`;
    child.sessions += 1;
    const session = new EngineSession(child, name, options, performance.now() + options.deadlineMs);
    try {
      await session.begin();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Of the process that works. */
  get pid(): number {
    return this.child.pid;
  }

  /** Absolute path of what the child has written under this name. */
  readonly pathOf = (name: string): string => join(this.child.folder, this.name, 'work', name);

  /** @throws what the task throws; EngineDeadlineError, EngineMemoryError, EngineCrashedError */
  readonly call = async <K extends TaskName>(
    task: K,
    input: EngineTasks[K]['input'],
  ): Promise<EngineTasks[K]['output']> => {
    const output = await this.ask({ type: 'call', task, input });
    return output as EngineTasks[K]['output'];
  };

  async close(): Promise<void> {
    if (this.child.isUsable) {
      await this.child.ask({ type: 'end' }, { deadlineMs: END_MS }).catch(() => this.child.kill());
    }
    await rm(join(this.child.folder, this.name), { recursive: true, force: true });
  }

  private async begin(): Promise<void> {
    const folder = join(this.child.folder, this.name);
    await mkdir(folder, { mode: 0o700 });
    await this.options.bring(folder);
    const { account } = this.child;
    if (account) await chown(folder, account.uid, account.gid);
    const { contents, limits } = this.options;
    await this.ask({
      type: 'begin',
      folder: this.name,
      contents: contents.map(({ size, fileType, fileName, compressionType }) => ({
        size,
        fileType,
        fileName,
        compressionType,
      })),
      limits,
    });
  }

  private async ask(request: Parameters<EngineChild['ask']>[0]): Promise<unknown> {
    const deadlineMs = Math.max(this.deadline - performance.now(), 0);
    return await this.child.ask(request, {
      deadlineMs,
      allowedMs: this.options.deadlineMs,
      signal: this.options.signal,
    });
  }
}
