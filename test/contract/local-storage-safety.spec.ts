import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IStorageBackend } from '../../src/core/contracts/storage-backend.contract.js';
import { CheckedStorageBackend } from '../../src/storage/backends/checked.storage-backend.js';
import { LocalStorageBackend } from '../../src/storage/backends/local/local.storage-backend.js';
import {
  collect,
  contractFailure,
  expectInvisible,
  pathsOf,
  patternBytes,
  put,
} from './storage-backend/support.js';

const PATH = 'blobs/aa/file';
const SECRET = 'a secret of the machine';

describe('the local backend on its disk', () => {
  let folder: string;
  let root: string;
  let outside: string;
  let sut: IStorageBackend;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stratum-safety-'));
    root = join(folder, 'store');
    outside = join(folder, 'outside');
    await writeFile(outside, SECRET);
    sut = new CheckedStorageBackend(new LocalStorageBackend({ root }));
    await sut.init();
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** Files of this store that this process holds open. */
  async function openFiles(): Promise<string[]> {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) =>
        readlink(`/proc/self/fd/${fd}`).catch(() => 'closed meanwhile'),
      ),
    );
    return links.filter((target) => target.startsWith(root));
  }

  it('keeps files and folders to its own user', async () => {
    const staged = await sut.openStaged(PATH);
    const modeOf = async (path: string) =>
      ((await stat(join(root, path))).mode & 0o777).toString(8);
    expect(await modeOf('.staging/blobs~aa~file')).toBe('600');
    await staged.seal();
    await staged.publish();
    expect(await modeOf(PATH)).toBe('600');
    for (const path of ['.', '.staging', 'blobs', 'blobs/aa'])
      expect(await modeOf(path)).toBe('700');
  });

  it('does not write through a link that was planted where it stages', async () => {
    await symlink(outside, join(root, '.staging', 'blobs~aa~file'));
    expect((await contractFailure(put(sut, PATH, 'overwritten'))).code).toBe('storage-unavailable');
    expect(await readFile(outside, 'utf8')).toBe(SECRET);
    // Deleting removes the link and not what it points to.
    await sut.deleteFile(PATH);
    expect(await readFile(outside, 'utf8')).toBe(SECRET);
    await put(sut, PATH, 'stored');
    expect((await sut.readFile(PATH)).toString()).toBe('stored');
  });

  it('does not read, list or tell of what a planted link points to', async () => {
    await mkdir(join(root, 'blobs', 'aa'), { recursive: true });
    await symlink(outside, join(root, PATH));
    await symlink(folder, join(root, 'blobs', 'link'));
    await expectInvisible(sut, PATH);
    expect(await pathsOf(sut, '')).toEqual([]);
    await sut.deleteFile(PATH);
    expect(await readFile(outside, 'utf8')).toBe(SECRET);
  });

  it('replaces a planted link by the file instead of writing through it', async () => {
    await mkdir(join(root, 'blobs', 'aa'), { recursive: true });
    await symlink(outside, join(root, PATH));
    await put(sut, PATH, 'stored');
    expect((await sut.readFile(PATH)).toString()).toBe('stored');
    expect(await readFile(outside, 'utf8')).toBe(SECRET);
  });

  it('passes over what others have put into its folder', async () => {
    await put(sut, PATH, 'x');
    await mkdir(join(root, 'lost+found'));
    await writeFile(join(root, 'lost+found', 'a'), '');
    await writeFile(join(root, 'blobs', 'not ours.tmp'), '');
    await writeFile(join(root, '.DS_Store'), '');
    expect(await pathsOf(sut, '')).toEqual([PATH]);
  });

  it('does not start on a path that is a file', async () => {
    const started = new CheckedStorageBackend(new LocalStorageBackend({ root: outside }));
    expect((await contractFailure(started.init())).code).toBe('storage-unavailable');
    expect(await readFile(outside, 'utf8')).toBe(SECRET);
  });

  it('holds no file open after 500 aborted writes', async () => {
    for (let turn = 0; turn < 50; turn += 1) {
      await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const staged = await sut.openStaged(`blobs/ab/${turn}-${index}`);
          if (index % 2) await staged.write(Buffer.from('x'));
          if (index % 3 === 0) await staged.seal();
          await staged.abort();
        }),
      );
    }
    expect(await openFiles()).toEqual([]);
    expect(await collect(sut.listStaged())).toEqual([]);
    expect(await readdir(join(root, '.staging'))).toEqual([]);
  });

  it('holds no file open after 200 read streams that were destroyed, read or not', async () => {
    await put(sut, PATH, patternBytes(3_000_000));
    for (let turn = 0; turn < 200; turn += 1) {
      const stream = await sut.readStream(PATH, turn % 2 ? { start: 5, end: Infinity } : undefined);
      if (turn % 3 === 1) stream.resume();
      if (turn % 3 === 2) await stream[Symbol.asyncIterator]().next();
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.destroy();
      await closed;
    }
    await expect(settled(openFiles)).resolves.toEqual([]);
  });

  it('holds no file open after reads that were refused', async () => {
    await put(sut, PATH, 'x');
    for (let turn = 0; turn < 20; turn += 1) {
      await contractFailure(sut.readStream(PATH, { start: 3, end: 1 }));
      await contractFailure(sut.readStream('blobs/aa'));
      await contractFailure(sut.readFile('blobs'));
    }
    await expect(settled(openFiles)).resolves.toEqual([]);
  });
});

/** A destroyed stream closes its file in the background: waits until it has, or gives up. */
async function settled(look: () => Promise<string[]>): Promise<string[]> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await look()).length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return await look();
}
