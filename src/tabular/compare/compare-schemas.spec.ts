import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareSchemas } from './compare-schemas.js';
import type { Verdict } from './dto/schema-diff.dto.js';
import { parseType } from './duckdb-type.js';
import { findDrift } from './find-drift.js';
import { typeVerdict } from './type-verdict.js';

const schema = (text: string) =>
  text.split(';').map((column) => {
    const [name = '', ...type] = column.trim().split(' ');
    return { name, type: type.join(' ') };
  });

describe('A type of DuckDB', () => {
  it('is taken apart, however deep', () => {
    expect(parseType(`STRUCT(a INTEGER, "b ""c" VARCHAR[])[3]`)).toEqual({
      is: 'list',
      size: 3,
      element: {
        is: 'struct',
        fields: [
          { name: 'a', type: { is: 'plain', name: 'INTEGER' } },
          {
            name: 'b "c',
            type: { is: 'list', size: null, element: { is: 'plain', name: 'VARCHAR' } },
          },
        ],
      },
    });
    expect(parseType(`MAP(ENUM('it''s', 'b, c'), DECIMAL(18,3))`)).toEqual({
      is: 'map',
      key: { is: 'enum', values: ["it's", 'b, c'] },
      value: { is: 'decimal', precision: 18, scale: 3 },
    });
    expect(parseType('TIMESTAMP WITH TIME ZONE')).toEqual({
      is: 'plain',
      name: 'TIMESTAMP WITH TIME ZONE',
    });
  });

  it.each(['STRUCT(', 'INTEGER)', 'LIST(INTEGER)', '', 'MAP(INTEGER)', '@'])(
    'is refused when it is none: %s',
    (type) => expect(() => parseType(type)).toThrow(SyntaxError),
  );
});

describe('The verdict on a changed type', () => {
  it.each<[Verdict, string, string]>([
    ['widening', 'INTEGER', 'BIGINT'],
    ['widening', 'UINTEGER', 'BIGINT'],
    ['breaking', 'INTEGER', 'UBIGINT'],
    ['breaking', 'BIGINT', 'INTEGER'],
    ['widening', 'INTEGER', 'DOUBLE'],
    ['breaking', 'BIGINT', 'DOUBLE'],
    ['breaking', 'INTEGER', 'FLOAT'],
    ['widening', 'FLOAT', 'DOUBLE'],
    ['widening', 'INTEGER', 'DECIMAL(12,2)'],
    ['breaking', 'INTEGER', 'DECIMAL(11,2)'],
    ['widening', 'DECIMAL(10,2)', 'DECIMAL(12,2)'],
    ['widening', 'DECIMAL(10,2)', 'DECIMAL(12,4)'],
    ['breaking', 'DECIMAL(10,2)', 'DECIMAL(10,4)'],
    ['breaking', 'DECIMAL(10,2)', 'DOUBLE'],
    ['widening', 'DATE', 'TIMESTAMP'],
    ['breaking', 'TIMESTAMP', 'DATE'],
    ['breaking', 'TIMESTAMP', 'TIMESTAMP_NS'],
    ['breaking', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE'],
    ['breaking', 'INTEGER', 'VARCHAR'],
    ['breaking', 'VARCHAR', 'INTEGER'],
    ['widening', `ENUM('a', 'b')`, `ENUM('b', 'a', 'c')`],
    ['breaking', `ENUM('a', 'b')`, `ENUM('a')`],
    ['widening', `ENUM('a', 'b')`, 'VARCHAR'],
    ['widening', '"NULL"', 'VARCHAR'],
    ['widening', 'INTEGER[]', 'BIGINT[]'],
    ['widening', 'INTEGER[3]', 'INTEGER[]'],
    ['breaking', 'INTEGER[]', 'INTEGER[3]'],
    ['breaking', 'INTEGER', 'INTEGER[]'],
    ['compatible', 'STRUCT(a INTEGER)', 'STRUCT(a INTEGER, b VARCHAR)'],
    ['compatible', 'STRUCT(a INTEGER, b DATE)', 'STRUCT(b DATE, a INTEGER)'],
    ['widening', 'STRUCT(a INTEGER)', 'STRUCT(b VARCHAR, a BIGINT)'],
    ['breaking', 'STRUCT(a INTEGER, b VARCHAR)', 'STRUCT(a INTEGER)'],
    ['widening', 'MAP(VARCHAR, INTEGER)', 'MAP(VARCHAR, BIGINT)'],
    ['widening', 'UNION(a INTEGER)', 'UNION(a INTEGER, b VARCHAR)'],
    ['identical', 'STRUCT(a INTEGER)', 'STRUCT("a" INTEGER)'],
    ['breaking', 'INTEGER', 'NEWTYPE(x)'],
  ])('is %s: %s to %s', (verdict, from, to) => expect(typeVerdict(from, to)).toBe(verdict));
});

describe('Two schemas', () => {
  it.each<[Verdict, string, string]>([
    ['identical', 'a INTEGER; b DATE', 'a INTEGER; b DATE'],
    ['compatible', 'a INTEGER', 'a INTEGER; b DATE'],
    ['compatible', 'a INTEGER; b DATE', 'b DATE; a INTEGER'],
    ['widening', 'a INTEGER', 'b DATE; a BIGINT'],
    ['breaking', 'a INTEGER; b DATE', 'a INTEGER'],
    ['breaking', 'a INTEGER; b DATE', 'a BIGINT; b VARCHAR'],
  ])('are %s: %s and %s', (verdict, base, head) =>
    expect(compareSchemas(schema(base), schema(head)).verdict).toBe(verdict),
  );

  it('tell what has changed, and guess at a rename', () => {
    expect(
      compareSchemas(schema('a INTEGER; b DATE; c DATE'), schema('a BIGINT; d DATE; c DATE')),
    ).toEqual({
      verdict: 'breaking',
      added: [{ name: 'd', type: 'DATE', position: 1 }],
      removed: [{ name: 'b', type: 'DATE', position: 1 }],
      retyped: [{ name: 'a', from: 'INTEGER', to: 'BIGINT', verdict: 'widening' }],
      reordered: false,
      possibleRenames: [{ from: 'b', to: 'd', type: 'DATE', position: 1 }],
    });
  });

  const type = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('INTEGER', 'BIGINT', 'VARCHAR', 'DECIMAL(9,2)', `ENUM('a', ')')`),
      fc.tuple(tie('any'), fc.constantFrom('[]', '[2]')).map((parts) => parts.join('')),
      fc.tuple(tie('any'), tie('any')).map(([k, v]) => `MAP(${String(k)}, ${String(v)})`),
      fc
        .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 })
        .chain((names) =>
          fc.tuple(
            ...names.map((name) =>
              tie('any').map((of) => `"${name.replaceAll('"', '""')}" ${String(of)}`),
            ),
          ),
        )
        .map((fields) => `STRUCT(${fields.join(', ')})`),
    ),
  })).any as fc.Arbitrary<string>;
  const columns = fc.uniqueArray(fc.record({ name: fc.string(), type }), {
    selector: ({ name }) => name,
    maxLength: 6,
  });

  it('are identical exactly when they are the same', () => {
    fc.assert(
      fc.property(columns, columns, (base, head) => {
        expect(compareSchemas(base, base).verdict).toBe('identical');
        const isSame = JSON.stringify(base) === JSON.stringify(head);
        expect(compareSchemas(base, head).verdict === 'identical').toBe(isSame);
      }),
    );
  });

  it('break where a column is taken away, and not where one is put in', () => {
    fc.assert(
      fc.property(columns, fc.nat(), (all, seed) => {
        fc.pre(all.length > 0);
        const fewer = all.filter((_, index) => index !== seed % all.length);
        expect(compareSchemas(all, fewer).verdict).toBe('breaking');
        expect(compareSchemas(fewer, all).verdict).toBe('compatible');
      }),
    );
  });
});

describe('The drift of a folder', () => {
  const table = (path: string, columns: string) => ({ path, columns: schema(columns) });

  it('names the files that differ from most, and those that make one table', () => {
    const drift = findDrift([
      table('d', 'a BIGINT; c DATE'),
      table('b', 'a INTEGER; b DATE'),
      table('e', 'a VARCHAR'),
      table('c', 'a INTEGER; b DATE'),
      table('f', 'a SMALLINT'),
    ]);
    expect(drift).toMatchObject({
      columns: schema('a INTEGER; b DATE'),
      files: 2,
      drifting: [
        { path: 'd', unites: true, diff: { verdict: 'breaking' } },
        { path: 'e', unites: false, diff: { retyped: [{ name: 'a', to: 'VARCHAR' }] } },
        { path: 'f', unites: true },
      ],
      union: { columns: schema('a BIGINT; b DATE; c DATE'), files: 4 },
    });
  });

  it('is none of equal files, nor of no files', () => {
    const same = [table('a', 'x DATE'), table('b', 'x DATE')];
    expect(findDrift(same)).toMatchObject({ files: 2, drifting: [], union: { files: 2 } });
    expect(findDrift([])).toMatchObject({ columns: [], files: 0, drifting: [] });
  });
});
