import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import type { ByteRange } from '../../contracts/storage-backend.contract.js';
import { RangeNotSatisfiableError } from '../../errors/index.js';
import { MAX_RANGES, listsEtag, selectedRanges } from './conditions.js';

const ETAG = `"${'a'.repeat(64)}"`;

const select = (range: string | undefined, size: number, ifRange?: string, method = 'GET') =>
  selectedRanges(
    { method, headers: { range, 'if-range': ifRange } } as unknown as Request,
    size,
    ETAG,
  );

/** The outcome in one word or as text, so that it can be compared with the oracle's. */
function outcomeOf(range: string, size: number): string {
  try {
    const ranges = select(range, size);
    return ranges === null ? 'whole' : describeRanges(ranges);
  } catch (error) {
    return error instanceof RangeNotSatisfiableError ? 'refused' : String(error);
  }
}

const describeRanges = (ranges: ByteRange[]): string =>
  ranges.map(({ start, end }) => `${start}-${end}`).join(' ');

/**
 * RFC 9110 sections 14.1.1 to 14.2 written down naively: byte by byte, over the whole of a small
 * file. Any part that breaks the grammar makes the header one that is to be ignored.
 */
function oracle(header: string, size: number): string {
  const [unit, set] = header.split(/=(.*)/s, 2);
  if (set === undefined || unit?.toLowerCase() !== 'bytes') return 'whole';
  const specs = set.split(',').map((spec) => spec.replace(/^[ \t]+|[ \t]+$/g, ''));
  const given = specs.filter((spec) => spec !== '');
  if (given.length === 0) return 'whole';
  const isSuffix = (spec: string): boolean => /^-0*[1-9]/.test(spec);
  if (!given.every((spec) => isInGrammar(spec))) return 'whole';
  // The last bytes of nothing are the whole of it, which is no range that could be named.
  if (size === 0 && given.every((spec) => isSuffix(spec))) return 'whole';
  const found = given
    .map((spec) => Array.from({ length: size }, (_, byte) => byte).filter(askedBy(spec, size)))
    .filter((bytes) => bytes.length > 0)
    .map((bytes) => `${bytes[0]}-${bytes.at(-1)}`);
  return found.length === 0 || found.length > 16 ? 'refused' : found.join(' ');
}

function isInGrammar(spec: string): boolean {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
  if (first === '' && last === '') return false;
  return first === '' || last === '' || BigInt(first) <= BigInt(last);
}

function askedBy(spec: string, size: number): (byte: number) => boolean {
  const [first, last] = spec.split('-') as [string, string];
  if (first === '') return (byte) => byte >= size - Number(last);
  return (byte) => byte >= Number(first) && (last === '' || byte <= Number(last));
}

/** Numbers that look random and are the same in every run (mulberry32). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function randomHeader(below: (n: number) => number): string {
  const number = (): string => String([below(12), below(40), below(1000), 2 ** 53 - 1][below(4)]);
  const spec = (): string => {
    const shapes = [
      () => `${number()}-${number()}`,
      () => `${number()}-`,
      () => `-${number()}`,
      () => `${below(12)}-${below(12)}`,
      () => '',
      () =>
        ['-', 'a-b', '1', '1--2', '+1-2', '1-2-3', '0x1-2', '1.0-2', ' 3 - 4'][below(9)] as string,
    ];
    return (shapes[below(20) === 0 ? 5 : below(5)] as () => string)();
  };
  const unit =
    below(15) === 0 ? (['items', '', 'byte'][below(3)] as string) : ['bytes', 'Bytes'][below(2)];
  const separator = [',', ', ', ' ,\t', ',,'][below(4)];
  const count = below(10) === 0 ? 14 + below(6) : 1 + below(4);
  return `${unit}=${Array.from({ length: count }, spec).join(separator)}`;
}

describe('selectedRanges', () => {
  it('agrees with a naive reading of RFC 9110 on 20,000 headers', () => {
    const below = seeded(9110);
    const outcomes = new Set<string>();
    for (let turn = 0; turn < 20_000; turn += 1) {
      const header = randomHeader(below);
      const size = [0, 1, 10, 37][below(4)] as number;
      const expected = oracle(header, size);
      outcomes.add(/^\d/.test(expected) ? `${expected.split(' ').length} ranges` : expected);
      expect([header, size, outcomeOf(header, size)]).toEqual([header, size, expected]);
    }
    // The headers reach every kind of answer.
    expect([...outcomes]).toEqual(
      expect.arrayContaining(['whole', 'refused', '1 ranges', '2 ranges', '12 ranges']),
    );
  });

  it.each([
    ['bytes=0-0', '0-0'],
    ['bytes=9-9', '9-9'],
    ['bytes=-1', '9-9'],
    ['bytes=5-', '5-9'],
    ['bytes=0-99', '0-9'],
    ['bytes=-99', '0-9'],
    ['bytes=0-1,8-9', '0-1 8-9'],
    ['bytes=3-6,0-4', '3-6 0-4'],
    ['bytes=10-', 'refused'],
    ['bytes=-0', 'refused'],
    ['bytes=5-3', 'whole'],
    ['bytes', 'whole'],
    ['items=0-1', 'whole'],
  ])('answers %s of ten bytes with %s', (header, expected) => {
    expect(outcomeOf(header, 10)).toBe(expected);
  });

  it('gives the whole without a Range and to every method but GET', () => {
    expect(select(undefined, 10)).toBeNull();
    expect(select('bytes=0-1', 10, undefined, 'HEAD')).toBeNull();
  });

  it('gives the range only when If-Range names this content by its strong tag', () => {
    expect(select('bytes=0-1', 10, ETAG)).toEqual([{ start: 0, end: 1 }]);
    for (const other of ['"other"', `W/${ETAG}`, '*', 'Wed, 21 Oct 2015 07:28:00 GMT', '']) {
      expect(select('bytes=0-1', 10, other)).toBeNull();
    }
  });

  it(`takes ${MAX_RANGES} ranges and refuses one more, with the size of the content`, () => {
    const ranges = (count: number): string => `bytes=${Array(count).fill('0-0').join(',')}`;
    expect(select(ranges(MAX_RANGES), 10)).toHaveLength(16);
    expect(() => select(ranges(MAX_RANGES + 1), 10)).toThrow(
      expect.objectContaining({ headers: { 'Content-Range': 'bytes */10' } }) as never,
    );
  });
});

describe('listsEtag', () => {
  it.each([
    [ETAG, true, true],
    ['*', true, true],
    [' * ', true, true],
    [`"other", ${ETAG}`, true, true],
    [`"other",${ETAG},"more"`, true, true],
    [`W/${ETAG}`, true, false],
    [`"other" , W/${ETAG}`, true, false],
    ['"other"', false, false],
    ['', false, false],
    [ETAG.replaceAll('"', ''), false, false],
    [ETAG.toUpperCase(), false, false],
    [`w/${ETAG}`, false, false],
  ])('finds the tag in %s by weak comparison: %s, by strong: %s', (header, weak, strong) => {
    expect(listsEtag(header, ETAG, 'weak')).toBe(weak);
    expect(listsEtag(header, ETAG, 'strong')).toBe(strong);
  });
});
