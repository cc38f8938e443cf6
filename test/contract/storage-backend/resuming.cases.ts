import { describe, expect, it } from '@jest/globals';
import { CheckedStorageBackend } from '../../../src/storage/backends/checked.storage-backend.js';
import type { IStorageBackend } from '../../../src/core/contracts/storage-backend.contract.js';
import type { BackendTraits, Sut } from '../storage-backend.contract.js';
import { bytesOf, collect, contractFailure, expectInvisible, patternBytes } from './support.js';

const PATH = 'blobs/ab/resumed';

export function describeResuming(
  sut: Sut,
  reopen: () => IStorageBackend | undefined,
  { largeBytes }: BackendTraits,
): void {
  describe('resumeStaged', () => {
    const content = patternBytes(largeBytes);
    const half = Math.floor(largeBytes / 2);
    /** What a process started later sees. */
    const later = (): IStorageBackend => {
      const backend = reopen();
      return backend ? new CheckedStorageBackend(backend) : sut();
    };

    it('goes on in another process from a checkpoint, and drops what came after it', async () => {
      const first = await sut().openStaged(PATH);
      await first.write(content.subarray(0, half));
      const state = await first.checkpoint();
      await first.write(Buffer.from('this was never acknowledged'));
      await first.suspend();
      const second = await later().resumeStaged(PATH, { size: half, state });
      await second.write(content.subarray(half));
      await expectInvisible(sut(), PATH);
      await second.seal();
      expect((await second.publish()).size).toBe(largeBytes);
      expect((await sut().readFile(PATH)).equals(content)).toBe(true);
    });

    it('takes any number of turns, of any size', async () => {
      const sizes = [0, 1, 7, 70_000, half, largeBytes - 1, largeBytes];
      let staged = await sut().openStaged(PATH);
      let state = await staged.checkpoint();
      for (const [n, size] of sizes.entries()) {
        await staged.suspend();
        const from = sizes[n - 1] ?? 0;
        staged = await sut().resumeStaged(PATH, { size: from, state });
        await staged.write(content.subarray(from, size));
        state = await staged.checkpoint();
      }
      await staged.seal();
      await staged.publish();
      expect((await sut().readFile(PATH)).equals(content)).toBe(true);
    });

    it('takes no more than there is, and tells so', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.write(Buffer.from('abc'));
      const state = await staged.checkpoint();
      await staged.suspend();
      for (const call of [
        sut().resumeStaged(PATH, { size: 4, state }),
        sut().readStaged(PATH, { size: 4, state }),
        sut().resumeStaged('blobs/ab/never', { size: 0, state: null }),
        sut().readStaged('blobs/ab/never', { size: 0, state: null }),
      ]) {
        expect((await contractFailure(call)).code).toBe('object-not-found');
      }
      await sut().deleteFile(PATH);
    });

    it('leaves what was published as it is: it can be read, and not be written to', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.write(Buffer.from('abc'));
      const state = await staged.checkpoint();
      await staged.write(Buffer.from('def'));
      await staged.seal();
      await staged.publish();
      const again = later().resumeStaged(PATH, { size: 3, state });
      expect((await contractFailure(again)).code).toBe('object-not-found');
      const read = await later().readStaged(PATH, { size: 3, state });
      expect((await bytesOf(read)).toString()).toBe('abc');
      expect((await sut().readFile(PATH)).toString()).toBe('abcdef');
    });

    it('finds nothing of a file that was deleted', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.write(Buffer.from('abc'));
      const state = await staged.checkpoint();
      await staged.suspend();
      await sut().deleteFile(PATH);
      await contractFailure(sut().resumeStaged(PATH, { size: 3, state }));
      expect(await collect(sut().listStaged())).toEqual([]);
    });
  });

  describe('checkpoint, rewind and suspend', () => {
    it('drop what was written after a checkpoint, and go on', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.write(Buffer.from('abc'));
      await staged.checkpoint();
      await staged.write(Buffer.from('wrong'));
      await staged.rewind(3);
      await staged.write(Buffer.from('right'));
      await staged.seal();
      await staged.publish();
      expect((await sut().readFile(PATH)).toString()).toBe('abcright');
    });

    it('are done before the file is sealed', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.seal();
      await contractFailure(staged.checkpoint());
      await contractFailure(staged.rewind(0));
      await staged.abort();
    });

    it('leave a suspended file to others: it takes nothing more', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.checkpoint();
      await staged.suspend();
      await staged.suspend();
      await contractFailure(staged.write(Buffer.from('late')));
      await contractFailure(staged.seal());
      expect(await collect(sut().listStaged())).toEqual([PATH]);
      await sut().deleteFile(PATH);
    });
  });

  describe('readStaged', () => {
    it('reads a checkpoint, whole and in parts, and nothing beyond it', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.write(Buffer.from('abcdef'));
      const state = await staged.checkpoint();
      await staged.suspend();
      const read = async (size: number, range?: { start: number; end: number }) =>
        (await bytesOf(await sut().readStaged(PATH, { size, state }, range))).toString();
      expect(await read(6)).toBe('abcdef');
      expect(await read(4)).toBe('abcd');
      expect(await read(0)).toBe('');
      expect(await read(6, { start: 1, end: 2 })).toBe('bc');
      expect(await read(4, { start: 2, end: 100 })).toBe('cd');
      expect(await read(4, { start: 4, end: 5 })).toBe('');
      await sut().deleteFile(PATH);
    });
  });
}
