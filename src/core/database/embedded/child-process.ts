import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The unprivileged account that runs PostgreSQL when we are root. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** How children are started: as whom, and through which `setpriv`, where there is one. */
export interface Launch {
  account?: Account;
  setpriv?: string;
}

export interface ChildOptions {
  launch: Launch;
  stdio: StdioOptions;
}

/** What a child wrote and how it ended; `code` is undefined when it could not be started. */
export interface ChildResult {
  code?: number;
  output: string;
}

// Nothing of the application's environment: it holds secrets, and PG* variables would be obeyed.
const CHILD_ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

/**
 * Starts a child that dies with us where `setpriv` exists. uid and gid are set before `setpriv`
 * runs, since the kernel forgets the death signal when credentials change; Node then also clears
 * the supplementary groups.
 */
export function startChild(command: string, args: string[], options: ChildOptions): ChildProcess {
  const { account, setpriv } = options.launch;
  const [file, argv] = setpriv
    ? [setpriv, ['--pdeathsig', 'INT', '--', command, ...args]]
    : [command, args];
  return spawn(file, argv, {
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
    // Our own working folder may be closed to the account.
    cwd: '/',
    env: CHILD_ENVIRONMENT,
    stdio: options.stdio,
    // A process group of its own: Ctrl-C must not stop PostgreSQL under a draining application.
    detached: true,
  });
}

/** Runs a child to its end. `inherited` becomes its descriptor 3. */
export async function runChild(
  launch: Launch,
  command: string,
  args: string[],
  inherited?: number,
): Promise<ChildResult> {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
  if (inherited !== undefined) stdio.push(inherited);
  let output = '';
  try {
    // Throws or emits an error, by its code.
    const child = startChild(command, args, { launch, stdio });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? -1, output };
  } catch (error) {
    return { output: `${command}: ${(error as Error).message}` };
  }
}

/** The same question a shell would ask: exact whatever ACLs, mounts or security modules say. */
export async function accountCan(
  launch: Launch,
  script: string,
  argument: string,
  inherited?: number,
): Promise<boolean> {
  const result = await runChild(launch, '/bin/sh', ['-c', script, 'sh', argument], inherited);
  return result.code === 0;
}

/** `setpriv` of util-linux; that of BusyBox knows no `--pdeathsig`. */
export async function findSetpriv(account: Account | undefined): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  for (const setpriv of [
    '/usr/bin/setpriv',
    '/bin/setpriv',
    '/run/current-system/sw/bin/setpriv',
  ]) {
    try {
      accessSync(setpriv, constants.X_OK);
    } catch {
      continue;
    }
    const { code } = await runChild({ account, setpriv }, '/bin/sh', ['-c', ':']);
    if (code === 0) return setpriv;
  }
  return undefined;
}

/** Polls until `condition` holds; false when `milliseconds` passed first. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  milliseconds: number,
): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}
