import { describe, expect, it } from '@jest/globals';
import type { Sut } from '../storage-backend.contract.js';
import { collect, contractFailure, expectInvisible, pathsOf, put } from './support.js';

const PATH = 'blobs/01/file';

export function describeDeleting(sut: Sut): void {
  describe('deleteFile', () => {
    it('removes the file, and is harmless when there is none', async () => {
      await put(sut(), PATH, 'x');
      await sut().deleteFile(PATH);
      await expectInvisible(sut(), PATH);
      await sut().deleteFile(PATH);
      await sut().deleteFile('never/was/there');
    });

    it('removes this file only', async () => {
      for (const path of [PATH, `${PATH}2`, 'blobs/01/fil', 'blobs/02/file'])
        await put(sut(), path, path);
      await sut().deleteFile(PATH);
      expect(await pathsOf(sut(), '')).toEqual(['blobs/01/fil', `${PATH}2`, 'blobs/02/file']);
    });

    it('may be called by many at the same time', async () => {
      await put(sut(), PATH, 'x');
      await Promise.all(Array.from({ length: 10 }, () => sut().deleteFile(PATH)));
      await expectInvisible(sut(), PATH);
    });

    it.each(['open', 'written', 'sealed'])(
      'removes what another writer has staged, who is %s and can publish no more',
      async (until) => {
        const writer = await sut().openStaged(PATH);
        if (until !== 'open') await writer.write(Buffer.from('late'));
        if (until === 'sealed') await writer.seal();
        await sut().deleteFile(PATH);
        expect(await collect(sut().listStaged())).toEqual([]);
        const publishing = (async () => {
          if (until === 'open') await writer.write(Buffer.from('late'));
          if (until !== 'sealed') await writer.seal();
          await writer.publish();
        })();
        await contractFailure(publishing);
        await writer.abort();
        await expectInvisible(sut(), PATH);
      },
    );

    it('leaves nothing visible when it meets a publish, whoever comes first', async () => {
      for (let turn = 0; turn < 20; turn += 1) {
        const path = `blobs/02/race-${turn}`;
        const writer = await sut().openStaged(path);
        await writer.write(Buffer.from('x'));
        await writer.seal();
        const [published] = await Promise.allSettled([writer.publish(), sut().deleteFile(path)]);
        await writer.abort();
        const isVisible = await sut().exists(path);
        // A publish may win by coming after; one that has failed must not have left a file.
        if (published.status === 'rejected') expect(isVisible).toBe(false);
        if (isVisible) expect((await sut().readFile(path)).toString()).toBe('x');
      }
    });

    it('leaves the path free for another file', async () => {
      await put(sut(), PATH, 'first');
      await sut().deleteFile(PATH);
      await put(sut(), PATH, 'second');
      expect((await sut().readFile(PATH)).toString()).toBe('second');
    });

    it('gives a reader that has begun the rest of the file, or a clear failure', async () => {
      const content = Buffer.alloc(4_000_000, 'z');
      await put(sut(), PATH, content);
      const reader = (await sut().readStream(PATH))[Symbol.asyncIterator]();
      const first = (await reader.next()).value as Buffer;
      await sut().deleteFile(PATH);
      const rest = (async () => {
        const chunks = [first];
        for (;;) {
          const { done, value } = await reader.next();
          if (done) return Buffer.concat(chunks);
          chunks.push(value as Buffer);
        }
      })();
      const outcome = await rest.then(
        (bytes) => (bytes.equals(content) ? 'whole' : 'torn'),
        (error: unknown) => (error as { code?: string }).code,
      );
      expect(['whole', 'object-not-found', 'storage-unavailable']).toContain(outcome);
    });
  });
}
