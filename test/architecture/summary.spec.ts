import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fixture, ROOT, runScript } from './repository.js';

const PASSING = `test('passes', () => {});`;
const FAILING = `test('passes', () => {}); test('fails', () => { throw new Error('no'); });`;
const NOT_LOADING = `require('./nowhere.js'); test('is never seen', () => {});`;
const LEFT_OUT = `test('passes', () => {}); test.skip('is left out', () => {});`;

describe('The last line of a test run', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await Fixture.create([]);
    const reporter = join(ROOT, 'test/support/summary-reporter.js');
    await fixture.write({
      'package.json': '{}',
      'jest.config.json': JSON.stringify({ transform: {}, reporters: ['default', reporter] }),
    });
  });

  afterEach(() => fixture.remove());

  /** Status and last lines of a run of these test files. */
  async function run(...sources: string[]): Promise<{ status: number | null; lines: string[] }> {
    await fixture.write(
      Object.fromEntries(sources.map((source, at) => [`file-${at}.test.js`, source])),
    );
    const { status, stdout } = runScript(fixture.folder, 'jest/bin/jest.js', '--runInBand');
    return { status, lines: stdout.trimEnd().split('\n') };
  }

  it('counts what passed', async () => {
    const { status, lines } = await run(PASSING, PASSING);
    expect(status).toBe(0);
    expect(lines.at(-1)).toBe('2 passed, 0 failed');
  });

  it('counts what failed, and a file that cannot be loaded; the run fails', async () => {
    const { status, lines } = await run(FAILING, NOT_LOADING);
    expect(status).toBe(1);
    expect(lines.at(-1)).toBe('1 passed, 2 failed');
  });

  it('does not hide what was left out', async () => {
    const { lines } = await run(LEFT_OUT);
    expect(lines.slice(-2)).toEqual(['1 skipped', '1 passed, 0 failed']);
  });
});
