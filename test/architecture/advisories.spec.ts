import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fixture, readJson, ROOT } from './repository.js';

interface Locked {
  version: string;
  name?: string;
  integrity?: string;
}

const PACKAGE = 'node_modules/multer';
const INTEGRITY = 'sha512-0000';

describe('npm run advisories', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.create([]);
  });
  afterAll(() => fixture.remove());

  const run = (...files: string[]) => {
    const script = join(ROOT, 'scripts/advisories.mjs');
    const { status, stdout } = spawnSync(process.execPath, [script, ...files], {
      encoding: 'utf8',
    });
    return { status, lines: stdout.trimEnd().split('\n') };
  };

  /** What it says of a lock file with these packages beside the root. */
  async function on(packages: Record<string, Locked>, permissions: object[] = []) {
    const { advisories } = await readJson<{ advisories: object[] }>('security/advisories.json');
    await fixture.write({
      'lock.json': JSON.stringify({ packages: { '': { version: '0.1.0' }, ...packages } }),
      'list.json': JSON.stringify({ advisories, accepted: permissions }),
    });
    return run(join(fixture.folder, 'lock.json'), join(fixture.folder, 'list.json'));
  }

  it('finds nothing open in the lock file of this repository', () => {
    const { status, lines } = run();
    expect([status, lines.length]).toEqual([0, 1]);
  });

  it.each<[string, Record<string, Locked>]>([
    ['multer', { [PACKAGE]: { version: '2.4.9', integrity: INTEGRITY } }],
    ['qs', { 'node_modules/express/node_modules/qs': { version: '6.15.1', integrity: INTEGRITY } }],
    ['tar', { 'node_modules/other': { name: 'tar', version: '7.5.18', integrity: INTEGRITY } }],
    ['@duckdb/node-api', { 'node_modules/@duckdb/node-api': { version: '1.3.3', integrity: '-' } }],
    ['typeorm', { 'node_modules/typeorm': { version: '1.1.0-beta.1', integrity: INTEGRITY } }],
  ])(
    'reports a vulnerable %s, wherever and under whatever name it lies',
    async (name, packages) => {
      const { status, lines } = await on(packages);
      expect(status).toBe(1);
      expect(lines[0]).toMatch(new RegExp(`^${name}@\\S+: (?:CVE|GHSA|multer)-`));
      expect((await on(fixed(packages))).status).toBe(0);
    },
  );

  /** The same in a version that no advisory names. */
  const fixed = (packages: Record<string, Locked>) =>
    Object.fromEntries(
      Object.entries(packages).map(([path, locked]) => [path, { ...locked, version: '99.0.0' }]),
    );

  it('reports a package without the digest of its content', async () => {
    const { status, lines } = await on({ 'node_modules/harmless': { version: '1.0.0' } });
    expect([status, lines[0]]).toEqual([
      1,
      'node_modules/harmless: has no digest in the lock file',
    ]);
  });

  it('accepts one version with a reason, and not a day longer than it is there', async () => {
    const version = '2.4.9';
    const permissions = [{ package: 'multer', id: 'multer-2.5.0', version, reason: 'a test' }];
    const on249 = { [PACKAGE]: { version, integrity: INTEGRITY } };
    expect(await on(on249, permissions)).toMatchObject({ status: 0 });
    const { status, lines } = await on(fixed(on249), permissions);
    expect(status).toBe(1);
    expect(lines[0]).toMatch(/^multer@2\.4\.9: multer-2\.5\.0 is accepted but no longer there/);
  });

  it('has a reason for each that is accepted', async () => {
    const { accepted } = await readJson<{ accepted: { reason: string }[] }>(
      'security/advisories.json',
    );
    for (const { reason } of accepted) expect(reason).toMatch(/.{60}/);
  });
});
