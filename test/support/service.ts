import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createApi, type Api } from './api.js';
import { TEST_KEY } from './app.js';

const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'src', 'main.js');
const READY = /Stratum is ready\s+(http:\S+)/;

export interface Service extends Api {
  process: ChildProcess;
  /** Everything it has printed so far. */
  output(): string;
  /** Sends a signal and waits for the end; resolves with the exit code, or the signal's name. */
  kill(signal?: NodeJS.Signals): Promise<number | string>;
  /** Waits for it to end by itself. */
  ended(): Promise<number | string>;
}

export interface ServiceOptions {
  /** The folder it is started in. */
  cwd?: string;
  /** More arguments of Node.js. */
  execArgv?: string[];
}

/** The built service as a process of its own. `DATABASE_URL` and `STRATUM_DATA_DIR` must be given. */
export async function startService(
  settings: Record<string, string>,
  { cwd, execArgv = [] }: ServiceOptions = {},
): Promise<Service> {
  const child = spawn(process.execPath, ['--enable-source-maps', ...execArgv, MAIN], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      STRATUM_BOOTSTRAP_KEY: TEST_KEY,
      LOG_LEVEL: 'warn',
      GC_INTERVAL_SECONDS: '0',
      WORKERS: '0',
      STORAGE_RESERVE_BYTES: '0',
      ENGINE_SPARE_PROCESSES: '0',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const end = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | string);
  const url = await readyUrl(() => output, end);
  return {
    ...createApi(url, settings['STRATUM_BOOTSTRAP_KEY'] ?? TEST_KEY),
    process: child,
    output: () => output,
    kill: async (signal = 'SIGKILL') => {
      child.kill(signal);
      return await end;
    },
    ended: () => end,
  };
}

async function readyUrl(output: () => string, end: Promise<number | string>): Promise<string> {
  let status: number | string | null = null;
  void end.then((how) => (status = how));
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(20)) {
    const [, url] = READY.exec(output()) ?? [];
    if (url) return url;
    if (status !== null) break;
  }
  throw new Error(`The service did not start (${status ?? 'too slow'}):\n${output()}`);
}
