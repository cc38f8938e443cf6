import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { IStorageBackend } from '../../../src/core/contracts/storage-backend.contract.js';
import type { Sut } from '../storage-backend.contract.js';
import { collect, contractFailure, pathsOf, put } from './support.js';

const INVALID: readonly [string, string][] = [
  ['empty', ''],
  ['one of a single dot', '.'],
  ['the parent', '..'],
  ['one that begins in the parent', '../a'],
  ['one that leaves through the middle', 'a/../../b'],
  ['one with a dot segment', 'a/./b'],
  ['one that ends in the parent', 'a/..'],
  ['absolute', '/etc/passwd'],
  ['one with an empty segment', 'a//b'],
  ['one that ends in a slash', 'a/'],
  ['hidden', '.hidden'],
  ['one with a hidden segment', 'a/.hidden'],
  ['one with NUL', 'a\0b'],
  ['one with a backslash', 'a\\b'],
  ['one with a drive letter', 'C:/a'],
  ['one with a space', 'a b'],
  ['one with a line feed at its end', 'a\n'],
  ['one with a percent escape', 'a%2e%2e'],
  ['one with the character that parts names of staged files', 'a~b'],
  ['in other letters', 'данные'],
  ['one with a combining character', 'e\u0301'],
  ['one with half of a surrogate pair', 'a\ud800'],
  ['too long by one byte', 'a'.repeat(201)],
];

const VALID: readonly string[] = [
  'a',
  '7',
  'a.b',
  'a..b',
  'A-b_c.D',
  'a/b/c/d/e/f',
  'blobs/0f/0f3c2b7e-7f7e-7b3e-9d0e-2f5b8a1c4d6e',
  'a'.repeat(200),
  `${'ab/'.repeat(66)}ab`,
];

const METHODS: readonly [string, (backend: IStorageBackend, path: string) => Promise<unknown>][] = [
  ['readFile', (backend, path) => backend.readFile(path)],
  ['readStream', (backend, path) => backend.readStream(path)],
  ['readStream of a range', (backend, path) => backend.readStream(path, { start: 0, end: 1 })],
  ['writeStream', (backend, path) => backend.writeStream(path, Readable.from([Buffer.from('x')]))],
  ['deleteFile', (backend, path) => backend.deleteFile(path)],
  ['exists', (backend, path) => backend.exists(path)],
  ['getFileInfo', (backend, path) => backend.getFileInfo(path)],
  ['openStaged', (backend, path) => backend.openStaged(path)],
];

export function describePaths(sut: Sut): void {
  describe.each(METHODS)('%s', (_method, call) => {
    it.each(INVALID)('refuses a path that is %s', async (_what, path) => {
      expect((await contractFailure(call(sut(), path))).code).toBe('invalid-storage-path');
      expect(await pathsOf(sut(), '')).toEqual([]);
    });
  });

  it.each(VALID)('stores, finds, lists and removes a file at %s', async (path) => {
    await put(sut(), path, path);
    expect((await sut().readFile(path)).toString()).toBe(path);
    expect(await sut().exists(path)).toBe(true);
    expect(await pathsOf(sut(), '')).toEqual([path]);
    await sut().deleteFile(path);
    expect(await sut().exists(path)).toBe(false);
  });

  it('names a staged file by its path, however deep that is', async () => {
    const path = `${'ab/'.repeat(66)}ab`;
    const staged = await sut().openStaged(path);
    expect(staged.path).toBe(path);
    expect(await collect(sut().listStaged())).toEqual([path]);
    await staged.abort();
  });

  it('has no folders: what other paths begin with is no file', async () => {
    await put(sut(), 'a/b/c', 'file');
    for (const path of ['a', 'a/b']) {
      expect(await sut().exists(path)).toBe(false);
      for (const read of [sut().getFileInfo(path), sut().readFile(path), sut().readStream(path)]) {
        expect((await contractFailure(read)).code).toBe('object-not-found');
      }
      await sut().deleteFile(path);
    }
    expect(await pathsOf(sut(), '')).toEqual(['a/b/c']);
  });

  it('has no files below a file', async () => {
    await put(sut(), 'a', 'file');
    expect(await sut().exists('a/b')).toBe(false);
    expect((await contractFailure(sut().readFile('a/b'))).code).toBe('object-not-found');
    await sut().deleteFile('a/b');
    expect((await sut().readFile('a')).toString()).toBe('file');
  });
}
