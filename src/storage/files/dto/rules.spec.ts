import { describe, expect, it } from '@jest/globals';
import type { ValidationArguments } from 'class-validator';
import { FileNameRule, MetadataRule } from './rules.js';

const rule = new MetadataRule();
const faultOf = (value: unknown): string | null =>
  rule.validate(value) ? null : rule.defaultMessage({ value } as ValidationArguments);

/** `{"a":{"a":…{}}}` with so many objects inside the outermost. */
const nested = (depth: number): unknown =>
  JSON.parse('{"a":'.repeat(depth) + '{}' + '}'.repeat(depth));
const nestedList = (depth: number): unknown => ({
  a: JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown,
});

describe('metadata', () => {
  it.each<Record<string, unknown>>([
    {},
    { a: null, b: true, c: 1.5, d: 'text', e: [], f: {} },
    { 'any key, even with / and ~ and .': 1 },
    { '': 'an empty key' },
    { данные: '測定 👩‍👩‍👧' },
    { toString: 1, hasOwnProperty: 2, length: 3 },
    { __proto: 1, proto__: 2, Constructor: 3 },
  ])('may be %j', (metadata) => {
    expect(faultOf(metadata)).toBeNull();
  });

  it.each([[undefined], [null], ['{}'], [7], [true], [[]], [[{}]]])(
    'must be an object, not %j',
    (value) => {
      expect(faultOf(value)).toBe('must be a JSON object');
    },
  );

  it('may be nested 32 deep and no deeper, by objects or by lists', () => {
    expect(faultOf(nested(32))).toBeNull();
    expect(faultOf(nested(33))).toMatch(/32 deep/);
    expect(faultOf(nestedList(32))).toBeNull();
    expect(faultOf(nestedList(33))).toMatch(/32 deep/);
  });

  it('is refused, and breaks nothing, at a depth that would exhaust the stack', () => {
    expect(faultOf(nested(100_000))).toMatch(/32 deep/);
    expect(faultOf(nestedList(100_000))).toMatch(/32 deep/);
  });

  it('may have 64 KiB as JSON and not a byte more, counted in UTF-8', () => {
    const frame = '{"a":""}'.length;
    const largest = 64 * 1024 - frame;
    expect(faultOf({ a: 'x'.repeat(largest) })).toBeNull();
    expect(faultOf({ a: 'x'.repeat(largest + 1) })).toMatch(/64 KiB/);
    expect(faultOf({ a: 'é'.repeat(largest / 2) })).toBeNull();
    expect(faultOf({ a: 'é'.repeat(largest / 2 + 1) })).toMatch(/64 KiB/);
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'may not use the key %s, at any depth',
    (key) => {
      const hostile = JSON.parse(`{"${key}": {"isAdmin": true}}`) as object;
      for (const metadata of [hostile, { a: hostile }, { a: [1, { b: hostile }] }]) {
        expect(faultOf(metadata)).toBe(`must not use the key ${key}`);
      }
      expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
    },
  );

  it.each([
    ['a NUL in a text', { a: 'x\0y' }],
    ['a NUL in a key', { 'x\0y': 1 }],
    ['half of a surrogate pair in a text', { a: '\ud800' }],
    ['half of a surrogate pair in a key', { '\udc00': 1 }],
    ['a NUL deep inside', { a: [{ b: ['\0'] }] }],
  ])('may not hold %s, which the database can not keep', (_what, metadata) => {
    expect(faultOf(metadata)).toMatch(/NUL characters or broken Unicode/);
  });
});

describe('a file name', () => {
  const name = new FileNameRule();

  it.each([['a.csv'], ['donne\u0301es.csv']])('may be %j', (value) => {
    expect(name.validate(value)).toBe(true);
  });

  it.each([
    [7, /string/],
    [null, /string/],
    [['a'], /string/],
    ['', /empty/],
    ['a/b', /plain name/],
    // Three bytes a character as it comes, six as it is kept: composition takes it apart.
    ['\u0958'.repeat(85), /255 bytes/],
  ])('may not be %j', (value, fault) => {
    expect(name.validate(value)).toBe(false);
    expect(name.defaultMessage({ value } as ValidationArguments)).toMatch(fault);
  });
});
