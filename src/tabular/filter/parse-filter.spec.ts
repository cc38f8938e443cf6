import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidFilterError, UnknownColumnError } from '../tabular.errors.js';
import type { Filter } from './filter.types.js';
import { parseColumns, parseOrder, resolveColumns, resolveOrder } from './order.js';
import { parseFilter } from './parse-filter.js';
import { toSql } from './to-sql.js';

const COLUMNS = [
  { name: 'v', type: 'BIGINT' },
  { name: 't', type: 'VARCHAR' },
  { name: 'T2', type: 'VARCHAR' },
  { name: 'ok', type: 'BOOLEAN' },
  { name: 'd', type: 'DATE' },
  { name: 'x', type: 'DOUBLE' },
  { name: 's', type: 'STRUCT(a INTEGER, "b c" STRUCT(e VARCHAR))' },
  { name: 'l', type: 'VARCHAR[]' },
  { name: 'u.v', type: 'INTEGER' },
  { name: 'Ä', type: 'INTEGER' },
  { name: 'date', type: 'DATE' },
  { name: '2020', type: 'INTEGER' },
  { name: 'say "hi"', type: 'INTEGER' },
];

const sql = (text: string) => toSql(parseFilter(text), COLUMNS);

/** What is said about it, and where. */
function faultOf(read: () => unknown): [string, unknown] {
  try {
    read();
  } catch (error) {
    if (error instanceof InvalidFilterError || error instanceof UnknownColumnError) {
      return [error.message, error.extensions?.['position']];
    }
    throw error;
  }
  throw new Error('There is no fault.');
}

describe('A filter', () => {
  it.each<[string, string, string[]]>([
    ["v = 5 and t = 'x'", '("v" = CAST(? AS BIGINT)) AND ("t" = CAST(? AS VARCHAR))', ['5', 'x']],
    ['V==5', '"v" = CAST(? AS BIGINT)', ['5']],
    ['5 < v', '"v" > CAST(? AS BIGINT)', ['5']],
    ['v < 1.5', '"v" <= CAST(? AS BIGINT)', ['1']],
    ['v > -1.5', '"v" > CAST(? AS BIGINT)', ['-2']],
    ['v = 1.5', '"v" <> "v"', []],
    ['v != 1e30', '"v" = "v"', []],
    ['v >= -99999999999999999999', '"v" = "v"', []],
    ['v in (1, 2.5, -3e0)', '"v" IN (CAST(? AS BIGINT), CAST(? AS BIGINT))', ['1', '-3']],
    [
      'v NOT BETWEEN 1 AND 3',
      'NOT (("v" >= CAST(? AS BIGINT)) AND ("v" <= CAST(? AS BIGINT)))',
      ['1', '3'],
    ],
    ['"t" like \'a%\'', 'starts_with("t", ?)', ['a']],
    ["t not ilike '%a!%%' escape '!'", 'NOT (contains(lower("t"), lower(?)))', ['a%']],
    ["t like 'a%b_'", 'regexp_full_match("t", ?, \'s\')', ['a.*b.']],
    ['t is not null or not ok', '("t" IS NOT NULL) OR (NOT ("ok"))', []],
    ['x is nan', 'coalesce(isnan("x"), false) IS TRUE', []],
    ['s.a = 1', '("s")."a" = CAST(? AS INTEGER)', ['1']],
    ['s."b c".e = \'\'', '(("s")."b c")."e" = CAST(? AS VARCHAR)', ['']],
    ['u.v=1', '"u.v" = CAST(? AS INTEGER)', ['1']],
    ['ä = 1', '"Ä" = CAST(? AS INTEGER)', ['1']],
    ["d < date '2020-02-29'", '"d" < CAST(? AS DATE)', ['2020-02-29']],
    ["d = '2020-02-29T12:00Z'", '"d" <> "d"', []],
    ["date > '-0043-03-15'", '"date" > CAST(? AS DATE)', ['0044-03-15 (BC)']],
    ['"2020" = 1', '"2020" = CAST(? AS INTEGER)', ['1']],
    ['"say ""hi""" = 1', '"say ""hi""" = CAST(? AS INTEGER)', ['1']],
    ['`say "hi"` = 1', '"say ""hi""" = CAST(? AS INTEGER)', ['1']],
    ["t = 'it''s; drop table x --'", '"t" = CAST(? AS VARCHAR)', ["it's; drop table x --"]],
    ['t <> T2', 'CAST("t" AS VARCHAR) <> CAST("T2" AS VARCHAR)', []],
    ['v < x', 'CAST("v" AS DOUBLE) < CAST("x" AS DOUBLE)', []],
    ['l is null', '"l" IS NULL', []],
  ])('%s', (text, expected, parameters) => {
    expect(sql(text)).toEqual({ sql: expected, parameters });
  });

  it('binds and more tightly than or, and not to what is next', () => {
    const names = (filter: Filter): unknown =>
      filter.kind === 'and' || filter.kind === 'or'
        ? [filter.kind, ...filter.items.map(names)]
        : filter.kind === 'not'
          ? ['not', names(filter.item)]
          : filter.kind === 'column' && filter.column.path.join('.');
    expect(names(parseFilter('a or not b and c or (d or e) and not not f'))).toEqual([
      'or',
      'a',
      ['and', ['not', 'b'], 'c'],
      ['and', ['or', 'd', 'e'], ['not', ['not', 'f']]],
    ]);
  });

  it.each<[string, number, string]>([
    ['', 1, 'Expected the name of a column, not or an opening parenthesis, but the filter ends.'],
    ['v =', 4, "Expected a value such as 5, 'text' or true, but the filter ends."],
    ['v = 5 t', 7, 'Expected and, or or the end of the filter, but there is t at 7.'],
    ['v 5', 3, 'Expected a comparison such as =, <, in (…), like, between … and … or is null'],
    ['v = null', 5, 'write is null after the column instead'],
    ['v <> NULL', 6, 'write is not null after the column instead'],
    ['v in (1, null)', 10, 'Nothing compares with null'],
    ['v in ()', 7, 'Expected a value'],
    ['v in (a)', 7, '(texts stand in single quotes)'],
    ['(v = 5', 7, 'a closing parenthesis'],
    ["t = 'x", 5, 'no closing quote'],
    ['"t = 1', 1, 'A name begins here that has no closing quote.'],
    ['v = 5; drop', 6, 'The character ; (U+003B) has no meaning here.'],
    ['😀 = 5', 1, 'U+1F600'],
    ["t = '😀' and 5", 14, 'a comparison'],
    ['v = --5', 6, 'Expected a number'],
    ['v /* x */ = 5', 3, 'The character / (U+002F)'],
    ['v = 1e1001', 5, 'An exponent is at most 1000.'],
    ['v between 1', 12, 'Expected and with the upper bound'],
    ['t like t', 8, 'a pattern in single quotes'],
    ["t like 'a!' escape '!'", 8, 'ends with its escape character'],
    ["t like 'a' escape 'é'", 19, 'one ASCII character'],
    ['nope = 5', 1, 'There is no column nope'],
    ['v = 5 or "a ""b" = 1', 10, 'There is no column a "b.'],
    ['t = x2', 5, "write it in single quotes: 'x2'"],
    ['t = "x2"', 5, "write it in single quotes: 'x2'"],
    ['t = 5', 5, '5 is no value for t of type VARCHAR: that takes a text in single quotes.'],
    ["v = 'five'", 5, "'five' is no value for v of type BIGINT: that takes a number."],
    ["v = date '2020-01-01'", 5, "date '2020-01-01' is no value for v of type BIGINT"],
    ["d = '2021-02-29'", 5, "'2021-02-29' is no value for d of type DATE: that takes a day"],
    ['ok > false', 1, 'only be compared with = and <>'],
    ['ok = 1', 6, 'that takes true or false'],
    ['v', 1, 'v is of type BIGINT, not BOOLEAN'],
    ["v like '5%'", 1, 'like is for texts'],
    ['v is nan', 1, 'only FLOAT and DOUBLE have NaN'],
    ['x = 1e400', 5, 'a number within its range'],
    ['l = 1', 1, 'only be asked for with is null'],
    ['s = 1', 1, 'only be asked for with is null'],
    ['s.q = 1', 1, 'has no field q'],
    ['v.q = 1', 1, 'v is of type BIGINT and has no field q'],
    ['v = t', 5, 'v of type BIGINT and t of type VARCHAR can not be compared.'],
  ])('%s is refused at %d', (text, position, message) => {
    const [detail, at] = faultOf(() => sql(text));
    expect(detail).toContain(message);
    expect(at).toBe(position);
  });

  it('names no column where two differ by case alone', () => {
    const columns = [
      { name: 'a', type: 'INTEGER' },
      { name: 'A', type: 'INTEGER' },
      { name: 'Ab', type: 'INTEGER' },
      { name: 'aB', type: 'INTEGER' },
    ];
    expect(toSql(parseFilter('a = A'), columns).sql).toBe('"a" = "A"');
    expect(faultOf(() => toSql(parseFilter('1 = ab'), columns))[0]).toContain('write it exactly');
  });

  it('has limits', () => {
    const deep = (depth: number): string => '('.repeat(depth) + 'v=1' + ')'.repeat(depth);
    const long = (count: number): string => Array.from({ length: count }, () => 'v=1').join(' or ');
    expect(sql(deep(100)).sql).toBe('"v" = CAST(? AS BIGINT)');
    expect(faultOf(() => sql(deep(101)))).toEqual([expect.stringContaining('100 deep'), 101]);
    expect(faultOf(() => sql('not '.repeat(101) + 'ok'))[0]).toContain('100 deep');
    expect(sql(long(500)).parameters).toHaveLength(500);
    expect(faultOf(() => sql(long(501)))[0]).toContain('at most 1000 columns and values');
    expect(faultOf(() => sql(`v = ${' '.repeat(16_384)}5`))[0]).toContain('longer than 16384');
    const number = '9'.repeat(16_000);
    expect(sql(`v <> ${number} and v in (${'1,'.repeat(100)}2)`).parameters).toHaveLength(101);
  });

  it('throws nothing but its own failures, and soon, whatever it is given', () => {
    const piece = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          ..."v t x d s.a ok \"t\" `l` = <> <= ( ) , . - + ' \" ; and or not in like ilike escape is null nan between true false date 1 1e5 .5 -- /* 'a' '2020-01-01' '%_' \\".split(
            ' ',
          ),
        ),
      },
      fc.string({ unit: 'binary' }),
    );
    const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(' '));
    let [accepted, slowest] = [0, 0];
    fc.assert(
      fc.property(
        fc.oneof({ weight: 4, arbitrary: text }, fc.string({ unit: 'binary', maxLength: 100 })),
        (given) => {
          const start = performance.now();
          for (const read of [
            () => sql(given),
            () => resolveOrder(parseOrder(given), COLUMNS),
            () => resolveColumns(parseColumns(given), COLUMNS),
          ]) {
            try {
              read();
              accepted++;
            } catch (error) {
              if (!(error instanceof InvalidFilterError) && !(error instanceof UnknownColumnError))
                throw error;
              if (!(Number(error.extensions?.['position']) > 0)) throw error;
            }
          }
          slowest = Math.max(slowest, performance.now() - start);
        },
      ),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(50);
    // A pause of the collector counts, too; what goes back and forth in 16 KiB would take minutes.
    expect(slowest).toBeLessThan(1_000);
  });

  it.each([
    "'".repeat(16_384),
    '"'.repeat(16_383),
    `t = '${"''".repeat(8_000)}`,
    '1'.repeat(16_384),
    '.'.repeat(16_384),
    'a.'.repeat(8_000),
    `${'1.'.repeat(8_000)}a`,
    '-'.repeat(16_384),
    'not '.repeat(4_000),
    '('.repeat(16_384),
    `x = ${'9'.repeat(16_000)}`,
    `v = 1e1000 or v = ${'9'.repeat(15_000)}e-1000`,
    `t like '${'%_'.repeat(8_000)}'`,
    ' '.repeat(16_384),
  ])('takes at most 50 ms for its largest texts (%#)', (text) => {
    const once = (): number => {
      const start = process.cpuUsage();
      try {
        sql(text);
      } catch (error) {
        if (!(error instanceof InvalidFilterError) && !(error instanceof UnknownColumnError))
          throw error;
      }
      return process.cpuUsage(start).user / 1_000;
    };
    // Of the processor, and the best of some: the machine has others to serve.
    expect(Math.min(...Array.from({ length: 5 }, once))).toBeLessThan(50);
  });
});

describe('An order', () => {
  it('says columns, directions and where nulls go', () => {
    const order = resolveOrder(
      parseOrder('t desc nulls first, "T2" , s.a ASC Nulls Last'),
      COLUMNS,
    );
    expect(
      order.map(({ column, isDescending, areNullsFirst }) => [
        column.sql,
        isDescending,
        areNullsFirst,
      ]),
    ).toEqual([
      ['"t"', true, true],
      ['"T2"', false, false],
      ['("s")."a"', false, false],
    ]);
  });

  it.each<[string, number, string]>([
    ['', 1, 'Expected the name of a column'],
    ['t,', 3, 'Expected the name of a column'],
    ['t up', 3, 'Expected asc, desc'],
    ['t nulls', 8, 'Expected first or last'],
    ['t, nope desc', 4, 'There is no column nope'],
    ['l', 1, 'rows can not be ordered by it'],
    ['t; drop table x', 2, 'The character ;'],
  ])('%s is refused at %d', (text, position, message) => {
    const [detail, at] = faultOf(() => resolveOrder(parseOrder(text), COLUMNS));
    expect(detail).toContain(message);
    expect(at).toBe(position);
  });
});

describe('A list of columns', () => {
  const read = (text: string) =>
    resolveColumns(parseColumns(text), COLUMNS).map(({ name }) => name);

  it('keeps the order in which they are asked for', () => {
    expect(read('x, "say ""hi""",u.v,2020x,t'.replace('2020x', '"2020"'))).toEqual([
      'x',
      'say "hi"',
      'u.v',
      '2020',
      't',
    ]);
  });

  it.each<[string, number]>([
    ['t, t', 4],
    ['t, q', 4],
    ['*', 1],
    ['t t', 3],
  ])('%s is refused at %d', (text, position) => {
    expect(faultOf(() => read(text))[1]).toBe(position);
  });
});
