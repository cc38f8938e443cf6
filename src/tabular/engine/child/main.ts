/**
 * A child process of the engine: `node main.js <account>`, started by `EngineChild` in a folder of its
 * own. It answers requests one after another and ends with its parent.
 */
import { setPriority } from 'node:os';
import type { Reply, Request, Sandbox } from '../engine.types.js';
import { toFailure } from '../failures.js';
import { Session } from './session.js';
import { TASKS, type Task } from './tasks.js';

/** Requests to the API go first when both want the processor. */
const NICENESS = 5;

let session: Session | null = null;

async function answer(request: Request): Promise<unknown> {
  switch (request.type) {
    case 'begin':
      session = await Session.begin(request);
      return null;
    case 'call': {
      if (!session) throw new Error('There is no session.');
      const task = TASKS[request.task] as Task;
      return await task(session, request.input);
    }
    case 'end':
      await session?.end();
      session = null;
      return null;
  }
}

function reply(message: Reply): void {
  process.send?.(message);
}

function become(account: Sandbox['account']): void {
  if (!account) return;
  process.setgroups?.([]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}

// Not `exit`, which waits for a query that runs.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (request: Request) => {
  answer(request).then(
    (output) => reply({ output }),
    (error: unknown) => reply({ failure: toFailure(error) }),
  );
});

setPriority(NICENESS);
become(JSON.parse(process.argv[2] ?? 'null') as Sandbox['account']);
reply({ output: null });
