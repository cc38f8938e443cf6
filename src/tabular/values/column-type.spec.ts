import { describe, expect, it } from '@jest/globals';
import { holdsText, parseType } from './column-type.js';

describe('A type', () => {
  it.each<[string, unknown]>([
    ['UBIGINT', { kind: 'integer', name: 'UBIGINT', min: 0n, max: 18446744073709551615n }],
    ['DECIMAL(18,3)', { kind: 'decimal', width: 18, scale: 3 }],
    ["ENUM('a', 'b[]')", { kind: 'text', name: 'ENUM' }],
    ["ENUM('a')[]", { kind: 'list', type: "ENUM('a')", length: null }],
    ['INTEGER[][3]', { kind: 'list', type: 'INTEGER[]', length: 3 }],
    ['MAP(VARCHAR, INTEGER)', { kind: 'other', name: 'MAP(VARCHAR, INTEGER)' }],
    ['BLOB', { kind: 'other', name: 'BLOB' }],
    ['', { kind: 'other', name: '' }],
    [
      `STRUCT(a DECIMAL(4,2), "b, ""c"")" STRUCT(d VARCHAR[], e ENUM('x,(', 'y''"')), f INTEGER)`,
      {
        kind: 'struct',
        fields: [
          { name: 'a', type: 'DECIMAL(4,2)' },
          { name: 'b, "c")', type: `STRUCT(d VARCHAR[], e ENUM('x,(', 'y''"'))` },
          { name: 'f', type: 'INTEGER' },
        ],
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseType(text)).toEqual(expected);
  });

  it('holds texts or none', () => {
    const types = [
      'VARCHAR',
      'JSON',
      "ENUM('a')",
      'VARCHAR[]',
      'STRUCT(a INTEGER, b VARCHAR[])',
      'MAP(VARCHAR, INTEGER)',
      'UNION(a VARCHAR)',
      'VARIANT',
    ];
    expect(types.filter(holdsText)).toEqual(types);
    expect(
      ['INTEGER', 'INTEGER[]', 'STRUCT(a INTEGER)', 'MAP(INTEGER, DATE)', 'BLOB', 'UUID'].filter(
        holdsText,
      ),
    ).toEqual([]);
  });
});
