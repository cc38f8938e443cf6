import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { BackendTraits, Sut } from '../storage-backend.contract.js';
import {
  bytesOf,
  contractFailure,
  expectInvisible,
  pathsOf,
  patternBytes,
  put,
} from './support.js';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const PATH = 'blobs/ab/file';

async function* failingAfter(chunks: readonly Buffer[], error: Error): AsyncGenerator<Buffer> {
  yield* chunks;
  throw error;
}

export function describeWriting(sut: Sut, traits: BackendTraits): void {
  describe('writeStream', () => {
    it.each([
      ['no byte', Buffer.alloc(0)],
      ['one byte', Buffer.from([0])],
      ['every value of a byte, which is no UTF-8', EVERY_BYTE],
      ['line ends and NULs', Buffer.from('a\r\n\0\n\r\0')],
    ])('stores %s as it is', async (_what, content) => {
      const info = await put(sut(), PATH, content);
      expect(info).toMatchObject({ path: PATH, size: content.length });
      expect((await sut().readFile(PATH)).equals(content)).toBe(true);
      expect((await bytesOf(await sut().readStream(PATH))).equals(content)).toBe(true);
    });

    it('stores a stream that has no chunk at all', async () => {
      expect((await sut().writeStream(PATH, Readable.from([]))).size).toBe(0);
      expect(await sut().readFile(PATH)).toHaveLength(0);
    });

    it('stores large content that comes in chunks of uneven sizes', async () => {
      const content = patternBytes(traits.largeBytes);
      const sizes = [1, 65_536, 3, 1_048_577, 262_143];
      await sut().writeStream(
        PATH,
        Readable.from(
          (function* () {
            for (let offset = 0, turn = 0; offset < content.length; turn += 1) {
              const size = sizes[turn % sizes.length] as number;
              yield content.subarray(offset, offset + size);
              offset += size;
            }
          })(),
        ),
      );
      const hash = createHash('sha256');
      for await (const chunk of await sut().readStream(PATH)) hash.update(chunk as Buffer);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
      expect((await sut().getFileInfo(PATH)).size).toBe(content.length);
    });

    it.each([
      ['at once', []],
      ['in the middle', [patternBytes(300_000), patternBytes(1_500_000, 2)]],
    ])('throws the error of a stream that fails %s, and leaves nothing', async (_when, chunks) => {
      const fault = new Error('the source broke');
      const source = Readable.from(failingAfter(chunks, fault));
      await expect(sut().writeStream(PATH, source)).rejects.toBe(fault);
      await expectInvisible(sut(), PATH);
    });

    it('throws the error of a stream that had failed before it was handed over', async () => {
      const fault = new Error('failed early');
      const source = new Readable({ read: () => undefined });
      source.destroy(fault);
      await expect(sut().writeStream(PATH, source)).rejects.toBe(fault);
      await expectInvisible(sut(), PATH);
    });

    it('fails and leaves nothing when the stream is closed before its end', async () => {
      const source = new Readable({ read: () => undefined });
      source.push(patternBytes(100_000));
      setImmediate(() => source.destroy());
      await expect(sut().writeStream(PATH, source)).rejects.toMatchObject({
        code: 'ERR_STREAM_PREMATURE_CLOSE',
      });
      await expectInvisible(sut(), PATH);
    });

    it('keeps the old file when the stream that was to replace it fails', async () => {
      await put(sut(), PATH, 'old');
      const source = Readable.from(failingAfter([Buffer.from('new')], new Error('broke')));
      await expect(sut().writeStream(PATH, source)).rejects.toThrow('broke');
      expect((await sut().readFile(PATH)).toString()).toBe('old');
    });

    it('replaces a file by a shorter one without a rest of the longer', async () => {
      await put(sut(), PATH, 'a rather long text');
      expect((await put(sut(), PATH, 'short')).size).toBe(5);
      expect((await sut().readFile(PATH)).toString()).toBe('short');
      expect(await pathsOf(sut(), '')).toEqual([PATH]);
    });

    it('stores many files at the same time, each with its own bytes', async () => {
      const files = Array.from({ length: 40 }, (_, index) => ({
        path: `blobs/${index % 4}/file-${index}`,
        content: patternBytes(10_000 + index * 1_000, index + 1),
      }));
      await Promise.all(files.map(({ path, content }) => put(sut(), path, content)));
      for (const { path, content } of files) {
        expect((await sut().readFile(path)).equals(content)).toBe(true);
      }
      expect(await pathsOf(sut(), '')).toEqual(files.map(({ path }) => path).sort());
    });

    it('has one whole winner when several write one path at the same time', async () => {
      const contents = Array.from({ length: 8 }, (_, index) =>
        patternBytes(200_000 + index, index + 1),
      );
      const written = await Promise.allSettled(
        contents.map((content) => put(sut(), PATH, content)),
      );
      const stored = await sut().readFile(PATH);
      const winner = contents.findIndex((content) => content.equals(stored));
      expect(winner).toBeGreaterThanOrEqual(0);
      expect(written[winner]?.status).toBe('fulfilled');
      for (const result of written.filter(({ status }) => status === 'rejected')) {
        await contractFailure(Promise.reject((result as PromiseRejectedResult).reason as Error));
      }
    });
  });
}
