import { describe, expect, it } from '@jest/globals';
import type { BackendTraits, Sut } from '../storage-backend.contract.js';
import { bytesOf, contractFailure, patternBytes, put } from './support.js';

const PATH = 'blobs/cd/file';
const SIZE = 1000;
const CONTENT = patternBytes(SIZE);

export function describeReading(sut: Sut, traits: BackendTraits): void {
  describe('readFile', () => {
    it('gives a buffer that the caller may change', async () => {
      await put(sut(), PATH, 'original');
      (await sut().readFile(PATH)).fill(0);
      expect((await sut().readFile(PATH)).toString()).toBe('original');
    });
  });

  describe('readStream', () => {
    // Both ends are included, as in HTTP; the end is cut to the last byte.
    it.each([
      ['the first byte', 0, 0, 0, 1],
      ['the last byte', SIZE - 1, SIZE - 1, SIZE - 1, SIZE],
      ['the first half', 0, 499, 0, 500],
      ['a part in the middle', 123, 456, 123, 457],
      ['the whole', 0, SIZE - 1, 0, SIZE],
      ['a range that ends past the end', 990, SIZE + 5000, 990, SIZE],
      ['a range that ends far past the end', 0, Number.MAX_SAFE_INTEGER, 0, SIZE],
      ['a range without an end', 100, Infinity, 100, SIZE],
    ])('gives %s', async (_what, start, end, from, to) => {
      await put(sut(), PATH, CONTENT);
      const bytes = await bytesOf(await sut().readStream(PATH, { start, end }));
      expect(bytes.equals(CONTENT.subarray(from, to))).toBe(true);
    });

    it.each([
      ['begins at the end', SIZE, SIZE],
      ['begins past the end', SIZE + 1, SIZE + 10],
      ['begins past the end and has none', SIZE + 7, Infinity],
    ])('gives an empty stream for a range that %s', async (_what, start, end) => {
      await put(sut(), PATH, CONTENT);
      expect(await bytesOf(await sut().readStream(PATH, { start, end }))).toHaveLength(0);
    });

    it('gives an empty stream for every range of an empty file', async () => {
      await put(sut(), PATH, '');
      for (const range of [
        { start: 0, end: 0 },
        { start: 0, end: Infinity },
        { start: 5, end: 9 },
      ]) {
        expect(await bytesOf(await sut().readStream(PATH, range))).toHaveLength(0);
      }
      expect(await bytesOf(await sut().readStream(PATH))).toHaveLength(0);
    });

    it.each([
      ['ends before it begins', { start: 5, end: 4 }],
      ['begins before the file', { start: -1, end: 4 }],
      ['is no number', { start: Number.NaN, end: 4 }],
      ['begins within a byte', { start: 0.5, end: 4 }],
    ])('refuses a range that %s', async (_what, range) => {
      await put(sut(), PATH, CONTENT);
      expect((await contractFailure(sut().readStream(PATH, range))).code).toBe('internal');
    });

    it('gives the right bytes across the blocks of a large file', async () => {
      const content = patternBytes(traits.largeBytes);
      await put(sut(), PATH, content);
      const middle = Math.floor(traits.largeBytes / 2);
      for (const [start, end] of [
        [middle - 1_500_000, middle + 1_500_000],
        [1024 * 1024 - 1, 1024 * 1024],
        [content.length - 70_000, content.length - 1],
      ] as [number, number][]) {
        const bytes = await bytesOf(await sut().readStream(PATH, { start, end }));
        expect(bytes.equals(content.subarray(start, end + 1))).toBe(true);
      }
    });

    it('rejects for an absent file before the first byte, with a range or without', async () => {
      for (const range of [undefined, { start: 0, end: 0 }, { start: 10, end: Infinity }]) {
        const error = await contractFailure(sut().readStream('blobs/cd/absent', range));
        expect(error).toMatchObject({ code: 'object-not-found', kind: 'not-found' });
      }
    });

    it('serves many readers of one file at the same time', async () => {
      const content = patternBytes(3_000_000);
      await put(sut(), PATH, content);
      const read = await Promise.all(
        Array.from({ length: 12 }, async () => bytesOf(await sut().readStream(PATH))),
      );
      expect(read.every((bytes) => bytes.equals(content))).toBe(true);
    });

    it('may be destroyed before, while and after it is read, without an error', async () => {
      await put(sut(), PATH, patternBytes(3_000_000));
      const failures: Error[] = [];
      for (const chunks of [0, 1, 2]) {
        const stream = await sut().readStream(PATH);
        stream.on('error', (error) => failures.push(error));
        const closed = new Promise((resolve) => stream.once('close', resolve));
        const reader = stream[Symbol.asyncIterator]();
        for (let read = 0; read < chunks; read += 1) await reader.next();
        stream.destroy();
        await closed;
      }
      expect(failures).toEqual([]);
    });

    it('gives a reader that began before an overwrite the old bytes, whole', async () => {
      const [old, replacement] = [patternBytes(5_000_000, 1), patternBytes(5_000_000, 2)];
      await put(sut(), PATH, old);
      const reader = await sut().readStream(PATH);
      const chunks: Buffer[] = [];
      for await (const chunk of reader) {
        if (chunks.length === 0) await put(sut(), PATH, replacement);
        chunks.push(chunk as Buffer);
      }
      expect(Buffer.concat(chunks).equals(old)).toBe(true);
      expect((await sut().readFile(PATH)).equals(replacement)).toBe(true);
    });

    it('never shows a mixture while the file is replaced again and again', async () => {
      const versions = Array.from({ length: 12 }, (_, index) =>
        patternBytes(700_000 + index, index + 1),
      );
      await put(sut(), PATH, versions[0] as Buffer);
      let isWriting = true;
      const reading = Array.from({ length: 3 }, async () => {
        let reads = 0;
        for (; isWriting || reads === 0; reads += 1) {
          const bytes = await bytesOf(await sut().readStream(PATH));
          expect(versions.some((version) => version.equals(bytes))).toBe(true);
        }
        return reads;
      });
      for (const version of versions.slice(1)) await put(sut(), PATH, version);
      isWriting = false;
      expect(Math.min(...(await Promise.all(reading)))).toBeGreaterThan(0);
    });
  });
}
