import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Column } from '../../src/core/contracts/dataset-reader.contract.js';
import type { BoundSql } from '../../src/tabular/filter/filter.types.js';
import { parseFilter } from '../../src/tabular/filter/parse-filter.js';
import { searchSql } from '../../src/tabular/filter/search.js';
import { toSql } from '../../src/tabular/filter/to-sql.js';
import { quoteIdentifier } from '../../src/tabular/values/quote.js';
import { InvalidFilterError, UnknownColumnError } from '../../src/tabular/tabular.errors.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';
import { conditions, literalOf, rows, TABLE } from '../support/filter-oracle.js';
import { INJECTIONS } from '../support/injections.js';

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

describe('Filters of rows', () => {
  let duckdb: DuckDbForTests;
  beforeAll(async () => (duckdb = await duckDbForTests()));
  afterAll(() => duckdb.close());

  const all = (sql: string, parameters: readonly unknown[] = []) =>
    duckdb.database.all(sql, parameters);

  /** Of each row whether it is true, false or unknown. */
  async function truths(filter: string, columns: readonly Column[]): Promise<(boolean | null)[]> {
    const { sql, parameters } = toSql(parseFilter(filter), columns);
    const found = await all(`SELECT (${sql}), rn FROM t ORDER BY rn`, parameters);
    return found.map(([truth]) => truth as boolean | null);
  }

  it('say of each row what an evaluator of plain JavaScript says', async () => {
    const columns = TABLE.map(({ name, type }) => ({ name, type }));
    const seen = { true: 0, false: 0, null: 0 };
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.array(conditions, { minLength: 15, maxLength: 15 }),
        async (table, given) => {
          const list = table.map(
            (row, index) =>
              `(${[index, ...TABLE.map((column) => literalOf(column, row[column.name] ?? null))].join(', ')})`,
          );
          await all(
            `CREATE OR REPLACE TEMP TABLE t AS SELECT * FROM (VALUES ${list.join(', ')}) t(rn, ${TABLE.map(({ name }) => quoteIdentifier(name)).join(', ')})`,
          );
          for (const { text, evaluate } of given) {
            const expected = table.map(evaluate);
            for (const truth of expected) seen[`${truth}`]++;
            expect([text, await truths(text, columns)]).toEqual([text, expected]);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(200);
  });

  it('take over 300 texts that mean something to SQL as nothing but values', async () => {
    expect(INJECTIONS.length).toBeGreaterThan(300);
    const columns = [
      { name: 't', type: 'VARCHAR' },
      { name: 'rn', type: 'BIGINT' },
    ];
    const marks = INJECTIONS.map((_, index) => `(${index}, ?)`);
    await all(
      `CREATE OR REPLACE TEMP TABLE t AS SELECT * FROM (VALUES ${marks.join(', ')}) t(rn, t)`,
      INJECTIONS,
    );
    const every = (text: string): BoundSql[] => {
      const escaped = quoted(text.replaceAll(/[!%_]/g, '!$&'));
      const filters = [
        `t = ${quoted(text)}`,
        `t in (${quoted(text)}, 'no such')`,
        `t like ${escaped} escape '!'`,
        `t between ${quoted(text)} and ${quoted(text)}`,
      ];
      const search = searchSql(text, columns) ?? { sql: 'true', parameters: [] };
      return [...filters.map((filter) => toSql(parseFilter(filter), columns)), search];
    };
    // Several in one statement: each is planned anew.
    for (let start = 0; start < INJECTIONS.length; start += 30) {
      const texts = INJECTIONS.slice(start, start + 30);
      const conditions = texts.flatMap(every);
      const lists = conditions.map(({ sql }) => `list(rn) FILTER (${sql})`);
      const parameters = conditions.flatMap((condition) => condition.parameters);
      const [found = []] = await all(`SELECT ${lists.join(', ')} FROM t`, parameters);
      for (const [at, text] of texts.entries()) {
        const own = [start + at];
        const expected = [own, own, own, own, expect.arrayContaining(own)];
        expect([text, found.slice(at * 5, at * 5 + 5)]).toEqual([text, expected]);
      }
    }
    expect(await all('SELECT count(*) FROM t')).toEqual([[BigInt(INJECTIONS.length)]]);
  });

  it('take them as nothing but names of columns', async () => {
    const names = INJECTIONS.filter((name) => !name.includes('\0')).map(
      (name, index) => `${name}#${index}`,
    );
    const columns = names.map((name) => ({ name, type: 'INTEGER' }));
    const list = names.map((name, index) => `${index} AS ${quoteIdentifier(name)}`);
    await all(`CREATE OR REPLACE TEMP TABLE wide AS SELECT ${list.join(', ')}`);
    for (const [index, name] of names.entries()) {
      const { sql, parameters } = toSql(
        parseFilter(`${quoteIdentifier(name)} = ${index}`),
        columns,
      );
      expect([name, await all(`SELECT 1 FROM wide WHERE ${sql}`, parameters)]).toEqual([
        name,
        [[1]],
      ]);
    }
  });

  it('refuse them, or take them as harmless, where a filter stands', async () => {
    const columns = [
      { name: 'v', type: 'INTEGER' },
      { name: 't', type: 'VARCHAR' },
    ];
    await all("CREATE OR REPLACE TEMP TABLE t AS SELECT 1 AS v, 'x' AS t");
    for (const text of INJECTIONS.flatMap((one) => [
      one,
      `v = 1 ${one}`,
      `v = 1 or ${one}`,
      `t = '${one}'`,
    ])) {
      try {
        const { sql, parameters } = toSql(parseFilter(text), columns);
        await all(`SELECT * FROM t WHERE ${sql}`, parameters);
      } catch (error) {
        if (!(error instanceof InvalidFilterError) && !(error instanceof UnknownColumnError))
          throw new Error(text, { cause: error });
      }
    }
    expect(await all('SELECT * FROM t')).toEqual([[1, 'x']]);
  });

  it('compare columns of different numbers without an error on any value', async () => {
    const types = [
      'TINYINT',
      'UBIGINT',
      'BIGINT',
      'HUGEINT',
      'UHUGEINT',
      'BIGNUM',
      'DECIMAL(4,3)',
      'DECIMAL(38,10)',
      'DECIMAL(38,0)',
      'FLOAT',
      'DOUBLE',
    ];
    const columns = types.map((type, index) => ({ name: `c${index}`, type }));
    const edge: Record<string, string> = {
      TINYINT: "'-128'",
      UBIGINT: "'18446744073709551615'",
      BIGINT: "'-9223372036854775808'",
      HUGEINT: "'-170141183460469231731687303715884105728'",
      UHUGEINT: "'340282366920938463463374607431768211455'",
      BIGNUM: `'${'9'.repeat(60)}'`,
      'DECIMAL(4,3)': "'-9.999'",
      'DECIMAL(38,10)': `'${'9'.repeat(28)}.9'`,
      'DECIMAL(38,0)': `'-${'9'.repeat(38)}'`,
      FLOAT: "'nan'",
      DOUBLE: "'-1e308'",
    };
    await all(
      `CREATE OR REPLACE TEMP TABLE t AS SELECT ${types.map((type, index) => `CAST(${edge[type]} AS ${type}) AS c${index}`).join(', ')}`,
    );
    for (const one of columns) {
      for (const other of columns) {
        const { sql } = toSql(
          parseFilter(
            `${one.name} < ${other.name} or ${one.name} > ${other.name} or ${one.name} = ${other.name}`,
          ),
          columns,
        );
        expect([one.type, other.type, await all(`SELECT (${sql}) FROM t`)]).toEqual([
          one.type,
          other.type,
          [[true]],
        ]);
      }
    }
  });

  it('know the ends of dates and times, and what lies beyond them', async () => {
    const types = [
      'DATE',
      'TIMESTAMP',
      'TIMESTAMP_S',
      'TIMESTAMP_MS',
      'TIMESTAMP_NS',
      'TIMESTAMP WITH TIME ZONE',
    ];
    const columns = types.map((type, index) => ({ name: `c${index}`, type }));
    await all(
      `CREATE OR REPLACE TEMP TABLE t AS SELECT rn, ${types.map((type, index) => `CAST(v AS ${type}) AS c${index}`).join(', ')} FROM (VALUES (0, '2020-01-01'), (1, 'infinity'), (2, '-infinity'), (3, NULL)) t(rn, v)`,
    );
    for (const { name } of columns) {
      for (const end of [
        '+9999999-12-31',
        '9999-12-31',
        '+294247-01-10T04:00:54.775807',
        '5881580-07-11',
      ]) {
        expect(await truths(`${name} < '${end}'`, columns)).toEqual([true, false, true, null]);
        expect(await truths(`${name} >= '${end}'`, columns)).toEqual([false, true, false, null]);
        expect(await truths(`${name} = '${end}'`, columns)).toEqual([false, false, false, null]);
      }
      for (const end of [
        '-999999-12-31',
        '0000-01-01',
        '9999999-01-01 (BC)',
        '-290308-12-21T23:59:59',
      ]) {
        expect(await truths(`${name} > '${end}'`, columns)).toEqual([true, true, false, null]);
        expect(await truths(`${name} <= '${end}'`, columns)).toEqual([false, false, true, null]);
      }
    }
  });

  it('are answered at once where patterns of DuckDB are not', async () => {
    const columns = [{ name: 't', type: 'VARCHAR' }];
    await all("CREATE OR REPLACE TEMP TABLE t AS SELECT 1 AS rn, repeat('a', 100000) AS t");
    const start = performance.now();
    expect(
      await truths(`t like '${'%a'.repeat(50)}%b' or t ilike '${'%a_'.repeat(50)}%b'`, columns),
    ).toEqual([false]);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('may be as large as they can be', async () => {
    const columns = [{ name: 'v', type: 'INTEGER' }];
    await all('CREATE OR REPLACE TEMP TABLE t AS SELECT 1 AS rn, 499 AS v');
    const chain = Array.from({ length: 500 }, (_, index) => `v=${index}`);
    expect(await truths(chain.join(' or '), columns)).toEqual([true]);
    expect(await truths(`${'not ('.repeat(50)}v = 499${')'.repeat(50)}`, columns)).toEqual([true]);
    expect(
      await truths(`v in (${Array.from({ length: 999 }, (_, index) => index).join()})`, columns),
    ).toEqual([true]);
  });
});
