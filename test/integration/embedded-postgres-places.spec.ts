import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  BINARIES_PACKAGE,
  cloneLauncher,
  Holder,
  isCheckoutOpen,
  makeOpenFolder,
  query,
  removeFolder,
  type HolderOptions,
} from '../support/embedded-postgres-lab.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65534, gid: 65534 };

if (!isRoot) console.warn('SKIPPED aloud: not root, so accounts and closed parents are not tried.');

const itAsRoot = isRoot ? it : it.skip;

const canBeOthers = isRoot && isCheckoutOpen();
if (isRoot && !canBeOthers) {
  console.warn('SKIPPED aloud: other accounts can not run the Node of this checkout.');
}

/** Runs parts of the installation as another user. */
const itAsOthers = canBeOthers ? it : it.skip;

/** Where the installation, its data folder and its user put obstacles in the way. */
describe('the embedded PostgreSQL in awkward places', () => {
  let lab: string;
  let launcher: string;
  let holders: Holder[] = [];

  const hold = (folder: string, options: Partial<HolderOptions> = {}): Holder => {
    const holder = new Holder(folder, { launcher, ...options });
    holders.push(holder);
    return holder;
  };

  beforeAll(async () => {
    lab = await makeOpenFolder();
    launcher = await cloneLauncher(join(lab, 'clone'));
  });
  afterEach(async () => {
    await Promise.all(holders.map((holder) => holder.stop()));
    holders = [];
  });
  afterAll(async () => await removeFolder(lab));

  it('works in a path of 120 characters, and cleans a killed owner’s temporary folder up', async () => {
    const base = join(lab, 'long');
    const long = join(base, 'x'.repeat(119 - base.length));
    expect(long).toHaveLength(120);
    const holder = hold(long);
    const { host } = await holder.ready();
    const temporary = dirname(host);
    expect(dirname(readlinkSync(join(long, 'control.sock')))).toBe(temporary);
    expect(statSync(host).mode & 0o777).toBe(0o700);
    expect(await hold(long).outcome()).toMatchObject({ pid: holder.pid });
    await holder.kill();
    expect(existsSync(temporary)).toBe(true);

    const next = hold(long);
    const connection = await next.ready();
    expect(existsSync(temporary)).toBe(false);
    expect(await query(connection, 'SELECT 1 one')).toEqual([{ one: 1 }]);
    await next.stop();
    expect(existsSync(dirname(connection.host))).toBe(false);
  });

  it('makes the links of the libraries and the modes of the programs itself', async () => {
    const clone = join(lab, 'bare');
    const bare = await cloneLauncher(clone, 'copied');
    const native = join(clone, 'node_modules', BINARIES_PACKAGE, 'native');
    const links = await spoilBinaries(native);
    expect(
      await query(await hold(join(lab, 'data'), { launcher: bare }).ready(), 'SELECT 1 one'),
    ).toHaveLength(1);
    for (const link of links) expect(existsSync(join(native, 'lib', link))).toBe(true);
  });

  it('says what to do where there are no binaries', async () => {
    const none = await cloneLauncher(join(lab, 'none'), 'none');
    const outcome = await hold(join(lab, 'data'), { launcher: none }).outcome();
    expect(outcome).toMatchObject({ name: 'EmbeddedPostgresUnavailableError' });
    expect(outcome.message).toContain('DATABASE_URL');
  });

  itAsOthers('works for an ordinary user who can’t write to node_modules', async () => {
    const clone = join(lab, 'read-only');
    const readOnly = await cloneLauncher(clone, 'copied');
    await spoilBinaries(join(clone, 'node_modules', BINARIES_PACKAGE, 'native'));
    const home = join(lab, 'home');
    await mkdir(home);
    await chown(home, NOBODY.uid, NOBODY.gid);
    const env = { HOME: home };
    const holder = hold(join(home, 'data'), { launcher: readOnly, env, ...NOBODY });
    expect(await query(await holder.ready(), 'SELECT 1 one')).toEqual([{ one: 1 }]);
    expect(readdirSync(join(home, '.cache/stratum'))).toEqual([
      expect.stringMatching(/^postgres-[0-9a-f]{32}$/),
    ]);
  });

  itAsRoot('works in a clone under a folder that only root may enter', async () => {
    const closed = join(lab, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const hidden = await cloneLauncher(join(closed, 'clone'), 'copied');
    const folder = join(closed, 'clone/data');
    const holder = hold(folder, { launcher: hidden });
    await query(await holder.ready(), 'CREATE TABLE kept AS SELECT 1 AS n');
    console.log(`first start in a closed clone: ${(await holder.outcome()).ms} ms`);
    expect(statSync(closed).mode & 0o777).toBe(0o700);
    await holder.kill();

    const next = hold(folder, { launcher: hidden });
    expect(await query(await next.ready(), 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    console.log(`second start in a closed clone: ${(await next.outcome()).ms} ms`);
  });

  itAsRoot('takes a cluster over that root restored from a backup', async () => {
    const data = join(lab, 'data');
    for (const name of await readdir(join(data, 'postgres'), { recursive: true })) {
      await chown(join(data, 'postgres', name), 0, 0);
    }
    await chown(join(data, 'postgres'), 0, 0);
    expect(await query(await hold(data).ready(), 'SELECT 1 one')).toEqual([{ one: 1 }]);
  });
});

/** What `npm ci --ignore-scripts` and an archive without modes make of the package. */
async function spoilBinaries(native: string): Promise<string[]> {
  const lib = join(native, 'lib');
  const links = (await readdir(lib, { withFileTypes: true }))
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => entry.name);
  for (const link of links) await rm(join(lib, link));
  for (const program of ['initdb', 'postgres']) await chmod(join(native, 'bin', program), 0o644);
  return links;
}
