import { describe, expect, it } from '@jest/globals';
import type { Sut } from '../storage-backend.contract.js';
import { collect, contractFailure, pathsOf, put } from './support.js';

const PATHS = [
  'a',
  'a-1',
  'ab/c',
  'ab/cd',
  'ab/cd.e',
  'abc/d',
  'blobs/00/one',
  'blobs/00/two',
  'blobs/01/three',
  'blobs-old/00/four',
];

export function describeListing(sut: Sut): void {
  describe('listFiles', () => {
    it.each([
      '', 'a', 'a-', 'ab', 'ab/', 'ab/c', 'ab/cd', 'ab/cd.', 'abc', 'b', 'blobs', 'blobs/', 'blobs/0',
      'blobs/00', 'blobs/00/', 'blobs/00/t', 'blobs-', 'blobs/00/one', 'blobs/00/one/', 'c', 'A',
    ])('takes the prefix "%s" as a plain string', async (prefix) => {
      for (const path of PATHS) await put(sut(), path, path);
      expect(await pathsOf(sut(), prefix)).toEqual(
        PATHS.filter((path) => path.startsWith(prefix)).sort(),
      );
    }); // prettier-ignore

    // No path begins with one of these, so nothing can be listed, whatever lies there.
    it.each([
      '.',
      '..',
      '../',
      '../../',
      '/',
      '/etc/',
      '.staging',
      '.staging/',
      'ab//',
      './ab',
      'ab/../',
      'a\0',
      '\\',
      'é',
    ])('finds nothing under the prefix %j, which no path has', async (prefix) => {
      for (const path of PATHS) await put(sut(), path, path);
      const staged = await sut().openStaged('ab/staged');
      await staged.write(Buffer.from('x'));
      expect(await collect(sut().listFiles(prefix))).toEqual([]);
      await staged.abort();
    });

    it('tells each file once, with its size', async () => {
      for (const path of PATHS) await put(sut(), path, path);
      const listed = await collect(sut().listFiles(''));
      expect(Object.fromEntries(listed.map(({ path, size }) => [path, size]))).toEqual(
        Object.fromEntries(PATHS.map((path) => [path, path.length])),
      );
      expect(listed).toHaveLength(PATHS.length);
    });

    it('tells only published files', async () => {
      await put(sut(), 'blobs/00/published', 'x');
      const staged = await sut().openStaged('blobs/00/staged');
      await staged.write(Buffer.from('x'));
      await staged.seal();
      expect(await pathsOf(sut(), 'blobs/')).toEqual(['blobs/00/published']);
      await staged.abort();
    });

    it('no longer tells what was deleted', async () => {
      for (const path of PATHS) await put(sut(), path, path);
      await sut().deleteFile('ab/cd');
      expect(await pathsOf(sut(), 'ab')).toEqual(['ab/c', 'ab/cd.e', 'abc/d']);
      for (const path of PATHS) await sut().deleteFile(path);
      expect(await pathsOf(sut(), '')).toEqual([]);
    });

    it('tells every file that stays, while others are deleted and added', async () => {
      const kept = Array.from({ length: 30 }, (_, index) => `blobs/${index % 3}/kept-${index}`);
      const gone = Array.from({ length: 30 }, (_, index) => `blobs/${index % 3}/gone-${index}`);
      for (const path of [...kept, ...gone]) await put(sut(), path, path);
      const listed: string[] = [];
      for await (const { path } of sut().listFiles('blobs/')) {
        listed.push(path);
        const turn = listed.length - 1;
        if (turn < gone.length) await sut().deleteFile(gone[turn] as string);
        if (turn < 5) await put(sut(), `blobs/1/new-${turn}`, 'new');
      }
      expect(listed.filter((path) => path.includes('kept')).sort()).toEqual([...kept].sort());
      expect(new Set(listed).size).toBe(listed.length);
      expect((await pathsOf(sut(), 'blobs/')).filter((path) => path.includes('gone'))).toEqual([]);
    });

    it('can be left in the middle', async () => {
      for (const path of PATHS) await put(sut(), path, path);
      for await (const { path } of sut().listFiles('')) {
        expect(PATHS).toContain(path);
        break;
      }
    });
  });

  it('says the same of an absent file on every method', async () => {
    const path = 'blobs/ff/absent';
    for (const call of [sut().readFile(path), sut().readStream(path), sut().getFileInfo(path)]) {
      expect(await contractFailure(call)).toMatchObject({ code: 'object-not-found', path });
    }
    expect(await sut().exists(path)).toBe(false);
    await sut().deleteFile(path);
  });
}
