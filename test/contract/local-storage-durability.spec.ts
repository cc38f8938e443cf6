import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { IStorageBackend } from '../../src/core/contracts/storage-backend.contract.js';
import {
  collect,
  contractFailure,
  expectInvisible,
  patternBytes,
} from './storage-backend/support.js';

/**
 * The real file system behind a thin recorder: every call that matters for durability, in the order
 * in which it was asked for, and a way to have one of them fail as a disk would.
 */
let root: string;
let calls: string[] = [];
let fail: (call: string) => string | undefined = () => undefined;

async function recorded<T>(call: string, run: () => Promise<T>): Promise<T> {
  calls.push(call);
  const code = fail(call);
  if (code) throw Object.assign(new Error(`${code}: planted`), { code });
  return await run();
}

const inRoot = (path: string): string => relative(root, path) || '.';

/** The methods are replaced on the real handle, since streams take no other. */
function recording(handle: FileHandle, name: string): FileHandle {
  const sync = handle.sync.bind(handle);
  const datasync = handle.datasync.bind(handle);
  const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<unknown>;
  const close = handle.close.bind(handle);
  return Object.assign(handle, {
    sync: () => recorded(`fsync ${name}`, sync),
    datasync: () => recorded(`fdatasync ${name}`, datasync),
    write: (...args: unknown[]) => recorded(`write ${name}`, () => write(...args)),
    close: () => recorded(`close ${name}`, close),
  });
}

jest.unstable_mockModule('node:fs/promises', () => ({
  ...fs,
  open: async (path: string, flags: number | string, mode?: number) =>
    recording(await fs.open(path, flags, mode), inRoot(path)),
  rename: (from: string, to: string) =>
    recorded(`rename ${inRoot(from)} ${inRoot(to)}`, () => fs.rename(from, to)),
  mkdir: (path: string, options: object) =>
    recorded(`mkdir ${inRoot(path)}`, () => fs.mkdir(path, options)),
}));

const { LocalStorageBackend } =
  await import('../../src/storage/backends/local/local.storage-backend.js');
const { CheckedStorageBackend } =
  await import('../../src/storage/backends/checked.storage-backend.js');

const PATH = 'blobs/aa/file';
const STAGED = '.staging/blobs~aa~file';

describe('durability of the local backend', () => {
  let sut: IStorageBackend;

  beforeEach(async () => {
    root = await fs.mkdtemp(join(tmpdir(), 'stratum-durable-'));
    fail = () => undefined;
    sut = new CheckedStorageBackend(new LocalStorageBackend({ root }));
    await sut.init();
    calls = [];
  });

  afterEach(async () => {
    fail = () => undefined;
    expect(await collect(sut.listStaged())).toEqual([]);
    await fs.rm(root, { recursive: true, force: true });
  });

  const store = (content = 'content') =>
    sut.writeStream(PATH, Readable.from([Buffer.from(content)]));

  it('syncs the file, then renames it, then syncs both folders, before it answers', async () => {
    await store();
    const durable = calls.filter((call) => /^(fsync|rename|write)/.test(call));
    expect(durable.slice(durable.indexOf(`write ${STAGED}`))).toEqual([
      `write ${STAGED}`,
      `fsync ${STAGED}`,
      `rename ${STAGED} ${PATH}`,
      'fsync blobs/aa',
      'fsync .staging',
    ]);
  });

  it('makes each new folder durable in its parent before a file is begun in it, once', async () => {
    await store();
    const begun = calls.indexOf(`write ${STAGED}`);
    for (const parent of ['fsync .', 'fsync blobs']) {
      expect(calls.indexOf(parent)).toBeGreaterThan(calls.indexOf('mkdir blobs/aa'));
      expect(calls.indexOf(parent)).toBeLessThan(begun);
    }
    calls = [];
    await store('again');
    expect(calls.filter((call) => /^mkdir|^fsync (\.|blobs)$/.test(call))).toEqual([]);
  });

  it('syncs the folder of a file that it deletes', async () => {
    await store();
    calls = [];
    await sut.deleteFile(PATH);
    expect(calls).toContain('fsync blobs/aa');
  });

  it('has made every byte durable when seal resolves', async () => {
    const staged = await sut.openStaged(PATH);
    await staged.write(patternBytes(100_000));
    await staged.write(patternBytes(100_000, 2));
    await staged.seal();
    const own = calls.filter((call) => call.endsWith(STAGED));
    expect(own).toEqual([
      `write ${STAGED}`,
      `write ${STAGED}`,
      `fsync ${STAGED}`,
      `close ${STAGED}`,
    ]);
    await staged.abort();
  });

  it('never asks a second time for an fsync that has failed', async () => {
    const staged = await sut.openStaged(PATH);
    await staged.write(Buffer.from('x'));
    fail = (call) => (call === `fsync ${STAGED}` ? 'EIO' : undefined);
    expect(await contractFailure(staged.seal())).toMatchObject({
      code: 'storage-unavailable',
      cause: { code: 'EIO' },
    });
    fail = () => undefined;
    await contractFailure(staged.seal());
    await contractFailure(staged.publish());
    expect(calls.filter((call) => call === `fsync ${STAGED}`)).toHaveLength(1);
    await staged.abort();
    await expectInvisible(sut, PATH);
  });

  it('does not publish what the disk refused while it was being written', async () => {
    const staged = await sut.openStaged(PATH);
    fail = (call) => (call === `fdatasync ${STAGED}` ? 'EIO' : undefined);
    const block = Buffer.alloc(16 * 1024 * 1024);
    // The disk is asked to begin early with a large file; its refusal is told by a later call.
    const writing = (async () => {
      for (let written = 0; written < 5; written += 1) await staged.write(block);
      await staged.seal();
    })();
    expect(await contractFailure(writing)).toMatchObject({
      code: 'storage-unavailable',
      cause: { code: 'EIO' },
    });
    expect(calls.filter((call) => call.startsWith('fdatasync'))).toHaveLength(1);
    await staged.abort();
    await expectInvisible(sut, PATH);
  });

  it.each([
    ['ENOSPC', `write ${STAGED}`, 'storage-full'],
    ['EDQUOT', `write ${STAGED}`, 'storage-full'],
    ['EIO', `write ${STAGED}`, 'storage-unavailable'],
    ['ENOSPC', `fsync ${STAGED}`, 'storage-full'],
    ['EIO', `fsync ${STAGED}`, 'storage-unavailable'],
    ['EIO', `close ${STAGED}`, 'storage-unavailable'],
    ['ENOSPC', `rename ${STAGED} ${PATH}`, 'storage-full'],
    ['EROFS', `rename ${STAGED} ${PATH}`, 'storage-unavailable'],
    ['ENOSPC', 'mkdir blobs/aa', 'storage-full'],
    ['EACCES', 'mkdir blobs/aa', 'storage-unavailable'],
  ])('answers %s of "%s" with %s, and nothing is left', async (code, at, expected) => {
    fail = (call) => (call === at ? code : undefined);
    expect(await contractFailure(store())).toMatchObject({ code: expected, cause: { code } });
    fail = () => undefined;
    await expectInvisible(sut, PATH);
    // The store takes the file as soon as the disk does.
    await store('afterwards');
    expect((await sut.readFile(PATH)).toString()).toBe('afterwards');
  });

  it('does not confirm a publish whose folder could not be synced', async () => {
    await store('first');
    fail = (call) => (call === 'fsync blobs/aa' ? 'EIO' : undefined);
    expect(await contractFailure(store())).toMatchObject({ code: 'storage-unavailable' });
  });

  it.each([
    ['can not be written', /^write \.staging\/\.probe/, 'EROFS'],
    ['is full', /^fsync \.staging\/\.probe/, 'ENOSPC'],
    ['can not rename', /^rename \.staging\/\.probe/, 'EXDEV'],
  ])('does not start on a disk that %s', async (_what, at, code) => {
    fail = (call) => (at.test(call) ? code : undefined);
    const started = new CheckedStorageBackend(new LocalStorageBackend({ root }));
    expect(await contractFailure(started.init())).toMatchObject({ cause: { code } });
    expect(await fs.readdir(root)).toEqual(['.staging']);
    expect(await fs.readdir(join(root, '.staging'))).toEqual([]);
  });
});
