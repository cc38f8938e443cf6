import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  forDuckDb,
  formatDate,
  formatTimestamp,
  parseDate,
  parseTime,
  parseTimestamp,
} from './temporal.js';

describe('Dates and times', () => {
  it('are those of JavaScript as far as it has them', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (milliseconds) => {
        const iso = new Date(milliseconds).toISOString();
        expect(`${formatTimestamp(BigInt(milliseconds), 3)}Z`).toBe(iso.replace(/\.?0*Z$/, 'Z'));
        expect(parseTimestamp(iso)).toBe(BigInt(milliseconds) * 1_000_000n);
      }),
    );
  });

  it('are read as they are written, as far as DuckDB has them', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -2_147_483_646n, max: 2_147_483_646n }), (days) => {
        expect(parseDate(formatDate(days))).toBe(days);
        expect(parseDate(forDuckDb(formatDate(days)))).toBe(days);
      }),
    );
  });

  it.each([
    '2021-02-29',
    '1900-02-29',
    '2020-13-01',
    '2020-00-01',
    '2020-04-31',
    '0000-01-01 (BC)',
    '20-01-01',
    '2020-1-1',
    'today',
    '',
    'epoch',
    '2020-01-01x',
  ])('%j is no day', (text) => expect(parseDate(text)).toBeNull());

  it.each([
    '2020-01-01 24:00:00',
    '2020-01-01 12:60',
    '2020-01-01 12:00:60',
    '2020-01-01 1:00',
    '2020-01-01T12:00:00.1234567890',
    '2020-01-01 12:00+16',
    '2020-01-01 12:00 CET',
    '2020-01-01+01',
  ])('%j is no instant', (text) => expect(parseTimestamp(text)).toBeNull());

  it('have offsets, which may be left out', () => {
    const noon = parseTimestamp('2020-01-01T12:00Z');
    expect(
      [
        '2020-01-01 12:00',
        '2020-01-01 13:30:00+01:30',
        '2020-01-01T07:00:00-05',
        '2020-01-01 12:00:00.000+0000',
      ].map(parseTimestamp),
    ).toEqual([noon, noon, noon, noon]);
    expect(parseTimestamp('2020-01-01')).toBe((noon as bigint) - 43_200_000_000_000n);
    expect([parseTime('24:00:00'), parseTime('24:00:01'), parseTime('00:00:00.000000001')]).toEqual(
      [86_400_000_000_000n, null, 1n],
    );
  });
});
