import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from './repository.js';

/** Prints the packages that are loaded with a program, one a line. */
const LISTS = `
  import { registerHooks } from 'node:module';
  const names = new Set();
  registerHooks({ load(url, context, next) {
    const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
    if (name) names.add(name);
    return next(url, context);
  } });
  await import(process.argv[1]);
  console.log([...names].sort().join('\\n'));
`;

describe('A child of the engine', () => {
  it('loads no framework: whoever asks first waits for its start', () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', LISTS, `${ROOT}/dist/src/tabular/engine/child/tasks.js`],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      '@duckdb/node-api',
      '@duckdb/node-bindings',
      'detect-libc',
      'zod',
    ]);
  });
});
