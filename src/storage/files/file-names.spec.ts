import { describe, expect, it } from '@jest/globals';
import { create, parse } from 'content-disposition';
import fc from 'fast-check';
import { faultOfFileName, typesOfFileName } from './file-names.js';

describe('faultOfFileName', () => {
  it.each([
    'measurements.csv',
    'README',
    '.gitignore',
    'a',
    '...a',
    ' leading space',
    'with space, comma; semicolon and "quotes".txt',
    'données 2024.csv',
    'данные.csv',
    '測定.parquet',
    'family-👩‍👩‍👧.png',
    'console.log',
    'com.example',
    'com10',
    'null',
    'a%2Fb',
    '~$report.xlsx',
    `${'é'.repeat(127)}a`,
    'x'.repeat(255),
  ])('accepts "%s"', (name) => {
    expect(faultOfFileName(name)).toBeNull();
  });

  it.each([
    ['nothing', '', /empty/],
    ['256 bytes of ASCII', 'x'.repeat(256), /255 bytes/],
    ['256 bytes in UTF-8 that are 128 characters', 'é'.repeat(128), /255 bytes/],
    ['half of a surrogate pair', 'a\ud800.csv', /Unicode/],
    ['NUL', 'a\0.csv', /control/],
    ['a line end', 'a\r\nSet-Cookie: x', /control/],
    ['DEL', 'a\u007f', /control/],
    ['a C1 control', 'a\u0085', /control/],
    ['a slash', 'a/b', /without/],
    ['a backslash', 'a\\b', /without/],
    ['a traversal', '../../etc/passwd', /without/],
    ['a single dot', '.', /\. or \.\./],
    ['two dots', '..', /\. or \.\./],
    ['a right-to-left override', 'annex\u202exslx.exe', /reorder/],
    ['a directional isolate', 'a\u2066b', /reorder/],
    ['a right-to-left mark', 'a\u200fb', /reorder/],
    ['a device', 'NUL', /device/],
    ['a device with an extension', 'aux.csv', /device/],
    ['a numbered device', 'Com1.tar.gz', /device/],
    ['a device numbered in superscript', 'LPT²', /device/],
    ['a dot at the end', 'a.', /end in a dot/],
    ['a space at the end', 'a.csv ', /end in a dot/],
  ])('refuses a name of %s', (_what, name, fault) => {
    expect(faultOfFileName(name)).toMatch(fault);
  });

  it('accepts only names that survive a Content-Disposition header unchanged', () => {
    const characters = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({
        unit: fc.constantFrom(
          ...Array.from("\"\\%;='*?&()<>@,:[]{} \t~^é測.👩\u00a0\u2028\ufeffUTF-8''"),
        ),
        maxLength: 40,
      }),
    );
    fc.assert(
      fc.property(characters, (name) => {
        fc.pre(faultOfFileName(name) === null);
        const header = create(name);
        // What a header may hold at all; anything else would split it or be refused by Node.
        expect(header).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
        expect(parse(header)).toMatchObject({ type: 'attachment', parameters: { filename: name } });
      }),
      { numRuns: 2000, seed: 20_240_501 },
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const fault = faultOfFileName(name);
        expect(fault === null || fault.startsWith('must ')).toBe(true);
        expect(() => typesOfFileName(name)).not.toThrow();
      }),
    );
  });
});

describe('typesOfFileName', () => {
  it.each([
    ['a.csv', 'csv', undefined],
    ['A.CSV', 'csv', undefined],
    ['a.csv.gz', 'csv', 'gzip'],
    ['a.parquet.zst', 'parquet', 'zstd'],
    ['a.json.bz2', 'json', 'bzip2'],
    ['a.tar.xz', 'tar', 'xz'],
    ['a.b.c.csv', 'csv', undefined],
    ['a.gz', undefined, 'gzip'],
    ['README', undefined, undefined],
    ['', undefined, undefined],
    ['a.测试', undefined, undefined],
    ['a.with space', undefined, undefined],
    [`a.${'x'.repeat(33)}`, undefined, undefined],
    ['a.constructor', 'constructor', undefined],
    ['a.csv.__proto__', undefined, undefined],
  ])('says of %s: %s, compressed by %s', (name, fileType, compressionType) => {
    expect(typesOfFileName(name)).toEqual({ fileType, compressionType });
  });
});
