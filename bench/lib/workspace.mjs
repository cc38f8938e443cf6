import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const KILL_AFTER_MS = 20_000;

/**
 * The processes and folders of a run. Whatever ends the run, none of them outlives it: each process
 * leads a group of its own, which is ended as a whole.
 */
export class Workspace {
  #root;
  #running = new Set();
  #cleanups = new Set();

  constructor(dir) {
    this.#root = mkdtempSync(join(dir, 'stratum-bench-'));
  }

  folder(name) {
    return mkdtempSync(join(this.#root, `${name}-`));
  }

  /** Removes a folder that is no longer needed, to give the disk back between two parts. */
  remove(folder) {
    rmSync(folder, { recursive: true, force: true });
  }

  /** To be done at the end; returns what does it now. */
  atEnd(cleanup) {
    this.#cleanups.add(cleanup);
    return async () => {
      if (this.#cleanups.delete(cleanup)) await cleanup();
    };
  }

  /** Starts a program; what it prints goes to a file, which is quoted when it fails. */
  start(command, args, { env = {}, cwd, ipc = false } = {}) {
    const log = join(this.folder('process'), 'output');
    const file = openSync(log, 'a');
    const child = spawn(command, args, {
      cwd,
      detached: true,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', file, file, ...(ipc ? ['ipc'] : [])],
    });
    closeSync(file);
    const started = { child, pid: child.pid, output: () => readFileSync(log, 'utf8') };
    started.ended = new Promise((resolve) => {
      child.once('error', () => resolve('it could not be started'));
      child.once('exit', (code, signal) => resolve(signal ?? code));
    }).then((how) => {
      this.#running.delete(started);
      started.how = how;
      return how;
    });
    started.stop = () => stop(started);
    this.#running.add(started);
    return started;
  }

  async close() {
    await Promise.all([...this.#running].map((started) => started.stop()));
    for (const cleanup of this.#cleanups) await cleanup();
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function stop(started) {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    if (started.how !== undefined) return;
    try {
      process.kill(-started.pid, signal);
    } catch {
      // Its group is gone already.
    }
    await Promise.race([started.ended, delay(KILL_AFTER_MS, undefined, { ref: false })]);
  }
}

/** A port that nobody listens on now, for programs that can't tell which one they took. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the address answers 200. Returns the milliseconds at which it did. */
export async function untilReady(url, started, everyMs = 50) {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
      await answer.arrayBuffer();
      if (answer.status === 200) return performance.now();
    } catch {
      // Not listening yet.
    }
    if (started.how !== undefined) break;
    await delay(everyMs);
  }
  throw new Error(`${url} did not answer (${started.how ?? 'too slow'}):\n${started.output()}`);
}
