import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { namesInZip, unzip } from '../../../../test/support/zip.js';
import { zip, type ZipEntry } from './zip.js';

const MADE_AT = new Date('2026-11-24T21:43:58.000Z');

const entryOf = (name: string, content: string, more: Partial<ZipEntry> = {}): ZipEntry => ({
  name,
  maxSize: Buffer.byteLength(content),
  open: async () => Readable.from([Buffer.from(content)]),
  ...more,
});
const listOf = (entries: readonly ZipEntry[]) =>
  async function* () {
    yield* entries;
  };
const zipped = (entries: readonly ZipEntry[]): Promise<Buffer> =>
  buffer(Readable.from(zip(listOf(entries), MADE_AT)));

describe('zip', () => {
  it('keeps names, order, bytes, checksums and the time', async () => {
    const contents: [string, string][] = [
      ['z.csv', 'last letter, first entry'],
      ['a/empty', ''],
      ['ü/été 🎈.csv', 'x'.repeat(300_000)],
    ];
    const files = await unzip(await zipped(contents.map(([name, text]) => entryOf(name, text))));
    expect(files.map(({ name, content }) => [name, content.toString()])).toEqual(contents);
    for (const { content, entry } of files) {
      expect(entry.crc32).toBe(crc32(content));
      expect(entry.getLastModDate({ timezone: 'UTC' })).toEqual(MADE_AT);
      expect(entry.externalFileAttributes >>> 16).toBe(0o100644);
    }
  });

  it('of nothing is a zip', async () => {
    expect(await unzip(await zipped([]))).toEqual([]);
  });

  it('of the same entries is the same bytes', async () => {
    const entries = [entryOf('a', 'one'), entryOf('b', 'two')];
    expect((await zipped(entries)).equals(await zipped(entries))).toBe(true);
  });

  it('takes more entries than 16 bits count', async () => {
    const names = Array.from({ length: 65_536 }, (_, n) => `${n}`);
    expect(await namesInZip(await zipped(names.map((name) => entryOf(name, ''))))).toEqual(names);
  });

  it('takes entries whose sizes need 64 bits, wherever they stand', async () => {
    const large = { maxSize: 5 * 2 ** 30 };
    const bytes = await zipped([
      entryOf('before', '1'),
      entryOf('large', '22', large),
      entryOf('after', '333'),
    ]);
    const files = await unzip(bytes);
    expect(files.map(({ content }) => content.toString())).toEqual(['1', '22', '333']);
    // One field with both sizes in 64 bits.
    expect(files[1]?.entry.extraFields.map(({ id, data }) => [id, data.length])).toEqual([[1, 16]]);
  });

  it('fails before its end when content fails, is too long, or entries go missing', async () => {
    const failing = entryOf('lost', 'x', { open: () => Promise.reject(new Error('is lost')) });
    await expect(zipped([entryOf('a', 'a'), failing])).rejects.toThrow('is lost');
    await expect(zipped([entryOf('a', 'abc', { maxSize: 2 })])).rejects.toThrow('larger');
    let turns = 0;
    const shrinking = async function* () {
      yield entryOf('a', 'a');
      if (turns++ === 0) yield entryOf('b', 'b');
    };
    await expect(buffer(Readable.from(zip(shrinking, MADE_AT)))).rejects.toThrow('changed');
  });

  it('opens a few entries ahead, and closes them when the archive is given up', async () => {
    const opened: Readable[] = [];
    const entries = Array.from({ length: 20 }, (_, n) =>
      entryOf(`${n}`, '', {
        maxSize: 2 ** 20,
        open: async () => {
          const stream = Readable.from([Buffer.alloc(2 ** 19), Buffer.alloc(2 ** 19)]);
          opened.push(stream);
          expect(opened.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(5);
          return stream;
        },
      }),
    );
    for await (const piece of zip(listOf(entries), MADE_AT)) {
      expect(piece.length).toBeGreaterThan(0);
      if (opened.length >= 8) break;
    }
    await Promise.resolve();
    expect(opened.length).toBeLessThan(20);
    expect(opened.filter(({ destroyed }) => !destroyed)).toEqual([]);
  });
});
