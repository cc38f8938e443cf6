import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { sha256 } from '../support/digests.js';
import { expectProblem } from '../support/problems.js';

const MIB = 1024 * 1024;
const SIZE = 3 * MIB + 12_345;
const CONTENT = randomBytes(SIZE);
const ETAG = `"${sha256(CONTENT)}"`;

let app: TestApp;
let path: string;
beforeAll(async () => {
  app = await startTestApp();
  const response = await app.upload(CONTENT, { fields: { mimeType: 'text/csv' } });
  path = `/v1/files/${((await response.json()) as { id: number }).id}/content`;
});
afterAll(() => app.stop());

const get = (range: string, headers: Record<string, string> = {}) =>
  app.fetch(path, { headers: { Range: range, ...headers } });

/** That the answer is exactly `[start, end]` of the content. */
async function expectRange(response: Response, start: number, end: number): Promise<void> {
  expect([start, end, response.status]).toEqual([start, end, 206]);
  expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${SIZE}`);
  expect(response.headers.get('content-length')).toBe(String(end - start + 1));
  expect(response.headers.get('content-type')).toBe('text/csv');
  expect(response.headers.get('etag')).toBe(ETAG);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(bytes.equals(CONTENT.subarray(start, end + 1))).toBe(true);
}

async function expectWhole(response: Response): Promise<void> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-range')).toBeNull();
  expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(sha256(CONTENT));
}

interface ByteRangePart {
  range: string;
  type: string;
  bytes: Buffer;
}

/** multipart/byteranges as RFC 9110 section 14.6 has it, read without the code that writes it. */
async function partsOf(response: Response): Promise<ByteRangePart[]> {
  const type = response.headers.get('content-type') ?? '';
  const [, boundary] = /^multipart\/byteranges; ?boundary=([\w-]+)$/.exec(type) ?? [];
  const body = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-length')).toBe(String(body.length));
  expect(body.subarray(-boundary!.length - 8).toString()).toBe(`\r\n--${boundary}--\r\n`);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const parts: ByteRangePart[] = [];
  for (let at = body.indexOf(delimiter); ;) {
    const next = body.indexOf(delimiter, at + delimiter.length);
    if (next < 0) return parts;
    const part = body.subarray(at + delimiter.length + 2, next);
    const split = part.indexOf('\r\n\r\n');
    const head = part.subarray(0, split).toString();
    parts.push({
      range: /^Content-Range: (.*)$/im.exec(head)?.[1] ?? '',
      type: /^Content-Type: (.*)$/im.exec(head)?.[1] ?? '',
      bytes: part.subarray(split + 4),
    });
    at = next;
  }
}

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

describe('one range', () => {
  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=100-', 100, SIZE - 1],
    ['bytes=-1', SIZE - 1, SIZE - 1],
    ['bytes=-500', SIZE - 500, SIZE - 1],
    [`bytes=-${SIZE + 1000}`, 0, SIZE - 1],
    [`bytes=${SIZE - 1}-`, SIZE - 1, SIZE - 1],
    [`bytes=5-${SIZE * 10}`, 5, SIZE - 1],
    [`bytes=0-${SIZE - 1}`, 0, SIZE - 1],
    [`bytes=${MIB - 1}-${MIB}`, MIB - 1, MIB],
    [`bytes=${MIB}-${2 * MIB - 1}`, MIB, 2 * MIB - 1],
    [`bytes=${MIB}-${MIB}`, MIB, MIB],
    [`bytes=${3 * MIB}-`, 3 * MIB, SIZE - 1],
    ['bytes=0-99999999999999999999', 0, SIZE - 1],
  ])('%s is bytes %d to %d', async (range, start, end) => {
    await expectRange(await get(range), start, end);
  });

  it('is exact wherever it begins and ends, around block borders too (seed 7)', async () => {
    const random = seeded(7);
    for (let n = 0; n < 60; n += 1) {
      const nearBorder = (1 + random(3)) * MIB - 3 + random(6);
      const start = n % 2 ? nearBorder : random(SIZE);
      const end = Math.min(SIZE - 1, start + (n % 3 ? random(10) : random(2 * MIB)));
      await expectRange(await get(`bytes=${start}-${end}`), start, end);
    }
  });
});

describe('several ranges', () => {
  it('come as parts, in the order asked, each with its own range', async () => {
    const ranges = [
      [500, 999],
      [0, 3],
      [MIB - 2, MIB + 1],
      [SIZE - 10, SIZE - 1],
    ] as const;
    const response = await get(`bytes=500-999, 0-3,${MIB - 2}-${MIB + 1},-10`);
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBeNull();
    const parts = await partsOf(response);
    expect(parts.map(({ range, type }) => ({ range, type }))).toEqual(
      ranges.map(([a, b]) => ({ range: `bytes ${a}-${b}/${SIZE}`, type: 'text/csv' })),
    );
    for (const [n, [start, end]] of ranges.entries()) {
      expect(parts[n]?.bytes.equals(CONTENT.subarray(start, end + 1))).toBe(true);
    }
  });

  it('leave out those past the end, and may be a single one then', async () => {
    await expectRange(await get(`bytes=${SIZE}-, 7-9`), 7, 9);
  });

  it('are at most sixteen', async () => {
    const ranges = (count: number) =>
      `bytes=${Array.from({ length: count }, (_, n) => `${n * 10}-${n * 10 + 1}`).join(',')}`;
    expect(await partsOf(await get(ranges(16)))).toHaveLength(16);
    const refused = await get(ranges(17));
    expect(refused.headers.get('content-range')).toBe(`bytes */${SIZE}`);
    await expectProblem(refused, 416, 'range-not-satisfiable');
  });
});

describe('a range that holds no byte', () => {
  it.each([
    `bytes=${SIZE}-`,
    `bytes=${SIZE}-${SIZE + 1}`,
    `bytes=${SIZE}-,${SIZE + 5}-`,
    'bytes=-0',
    'bytes=99999999999999999999-',
  ])('%s is answered 416 with the size', async (range) => {
    const response = await get(range);
    expect(response.headers.get('content-range')).toBe(`bytes */${SIZE}`);
    expect(response.headers.get('etag')).toBeNull();
    await expectProblem(response, 416, 'range-not-satisfiable');
  });
});

describe('a Range header that cannot be understood', () => {
  it.each([
    'bytes',
    'bytes=',
    'bytes=a-b',
    'bytes=1-x',
    'bytes=--5',
    'bytes=5-1',
    'bytes=-',
    'bytes=0-1,x',
    'bytes=1.5-2',
    'items=0-1',
    '0-1',
  ])('%s is ignored', async (range) => {
    await expectWhole(await get(range));
  });
});

describe('If-Range', () => {
  it('serves the range while the content is still the same', async () => {
    await expectRange(await get('bytes=1-2', { 'If-Range': ETAG }), 1, 2);
  });

  it.each([`"${sha256('other')}"`, `W/${ETAG}`, 'Wed, 21 Oct 2099 07:28:00 GMT', 'nonsense'])(
    'serves the whole for %s',
    async (ifRange) => {
      await expectWhole(await get('bytes=1-2', { 'If-Range': ifRange }));
      await expectWhole(await get(`bytes=${SIZE}-`, { 'If-Range': ifRange }));
    },
  );
});
