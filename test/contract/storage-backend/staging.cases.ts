import { describe, expect, it } from '@jest/globals';
import type { Sut } from '../storage-backend.contract.js';
import {
  collect,
  contractFailure,
  expectInvisible,
  pathsOf,
  patternBytes,
  put,
} from './support.js';

const PATH = 'blobs/ef/file';

export function describeStaging(sut: Sut): void {
  describe('openStaged', () => {
    it('shows nothing before publish and everything after', async () => {
      const staged = await sut().openStaged(PATH, { expectedSize: 6 });
      await expectInvisible(sut(), PATH);
      await staged.write(Buffer.from('abc'));
      await staged.write(Buffer.from('def'));
      await expectInvisible(sut(), PATH);
      await staged.seal();
      await expectInvisible(sut(), PATH);
      expect(await collect(sut().listStaged())).toEqual([PATH]);
      expect(await staged.publish()).toMatchObject({ path: PATH, size: 6 });
      expect((await sut().readFile(PATH)).toString()).toBe('abcdef');
      expect(await pathsOf(sut(), '')).toEqual([PATH]);
      expect(await collect(sut().listStaged())).toEqual([]);
    });

    it('shows the old file until the new one is published', async () => {
      await put(sut(), PATH, 'old');
      const staged = await sut().openStaged(PATH);
      await staged.write(Buffer.from('newer'));
      await staged.seal();
      expect((await sut().readFile(PATH)).toString()).toBe('old');
      expect((await sut().getFileInfo(PATH)).size).toBe(3);
      await staged.publish();
      expect((await sut().readFile(PATH)).toString()).toBe('newer');
    });

    it('publishes a file that was never written as an empty one', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.seal();
      expect((await staged.publish()).size).toBe(0);
      expect(await sut().readFile(PATH)).toHaveLength(0);
    });

    it('takes empty chunks among the others', async () => {
      const staged = await sut().openStaged(PATH);
      for (const chunk of ['', 'a', '', 'b', '']) await staged.write(Buffer.from(chunk));
      await staged.seal();
      await staged.publish();
      expect((await sut().readFile(PATH)).toString()).toBe('ab');
    });

    it('leaves the buffer to the caller when a write has resolved', async () => {
      const staged = await sut().openStaged(PATH);
      const buffer = Buffer.alloc(100_000);
      for (const fill of [1, 2, 3]) {
        buffer.fill(fill);
        await staged.write(buffer);
      }
      buffer.fill(9);
      await staged.seal();
      await staged.publish();
      const expected = Buffer.concat([1, 2, 3].map((fill) => Buffer.alloc(100_000, fill)));
      expect((await sut().readFile(PATH)).equals(expected)).toBe(true);
    });

    it.each(['open', 'written', 'sealed'])(
      'leaves nothing when it is aborted while %s, and a second time',
      async (until) => {
        const staged = await sut().openStaged(PATH);
        if (until !== 'open') await staged.write(patternBytes(2_000_000));
        if (until === 'sealed') await staged.seal();
        await staged.abort();
        await expectInvisible(sut(), PATH);
        expect(await collect(sut().listStaged())).toEqual([]);
        await staged.abort();
      },
    );

    it('can be aborted while a write is under way', async () => {
      const staged = await sut().openStaged(PATH);
      const write = staged.write(patternBytes(4_000_000)).catch((error: unknown) => error);
      await staged.abort();
      await write;
      await expectInvisible(sut(), PATH);
    });

    it('can be published no more after an abort', async () => {
      for (const isSealed of [false, true]) {
        const staged = await sut().openStaged(PATH);
        await staged.write(Buffer.from('x'));
        if (isSealed) await staged.seal();
        await staged.abort();
        await contractFailure(staged.publish());
        await contractFailure(staged.write(Buffer.from('y')));
        await contractFailure(staged.seal());
        await expectInvisible(sut(), PATH);
      }
    });

    it('takes its calls in their order only', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.write(Buffer.from('x'));
      await staged.seal();
      expect((await contractFailure(staged.write(Buffer.from('late')))).code).toBe(
        'storage-unavailable',
      );
      await staged.publish();
      await contractFailure(staged.seal());
      await contractFailure(staged.publish());
      expect((await sut().readFile(PATH)).toString()).toBe('x');

      const unsealed = await sut().openStaged('blobs/ef/unsealed');
      await contractFailure(unsealed.publish());
      await expectInvisible(sut(), 'blobs/ef/unsealed');
      await unsealed.abort();
    });

    it('keeps the published file when it is aborted afterwards', async () => {
      const staged = await sut().openStaged(PATH);
      await staged.write(Buffer.from('kept'));
      await staged.seal();
      await staged.publish();
      await staged.abort();
      expect((await sut().readFile(PATH)).toString()).toBe('kept');
    });
  });

  describe('getFileInfo', () => {
    it('tells the path, the size and when the file was stored', async () => {
      const before = Date.now();
      await put(sut(), PATH, patternBytes(12_345));
      const after = Date.now();
      const info = await sut().getFileInfo(PATH);
      expect(info).toMatchObject({ path: PATH, size: 12_345 });
      // A store's clock may be another and tick in whole seconds.
      expect(info.modifiedAt.getTime()).toBeGreaterThan(before - 60_000);
      expect(info.modifiedAt.getTime()).toBeLessThan(after + 60_000);
    });

    it('tells what writing and listing told', async () => {
      const written = await put(sut(), PATH, 'same');
      const info = await sut().getFileInfo(PATH);
      expect(written).toEqual(info);
      expect(await collect(sut().listFiles(''))).toEqual([info]);
    });
  });
}
