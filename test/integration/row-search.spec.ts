import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { searchSql } from '../../src/tabular/filter/search.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';

describe('Search in rows', () => {
  let duckdb: DuckDbForTests;
  beforeAll(async () => {
    duckdb = await duckDbForTests();
  });
  afterAll(() => duckdb.close());

  async function isFound(query: string, text: string): Promise<boolean> {
    const search = searchSql(query, [{ name: 't', type: 'VARCHAR' }]);
    const [[found] = []] = await duckdb.database.all(
      `SELECT ${search?.sql} FROM (SELECT CAST(? AS VARCHAR) AS t)`,
      [...(search?.parameters ?? []), text],
    );
    return found as boolean;
  }

  it.each<[string, string]>([
    ['sao paulo', 'PAULO, São'],
    ['SÃO', 'sa\u0303o'],
    ['istanbul', 'İSTANBUL'],
    ['İstanbul', 'istanbul'],
    ['strasse', 'Hauptstraße 5'],
    ['STRAẞE', 'hauptstrasse'],
    ['οδός', 'ΟΔΟΣ'],
    ['ΟΔΟΣ', 'μια οδός'],
    ['σοφος', 'ΣΟΦΌΣ'],
    ['Ἀθῆναι', 'αθηναι'],
    ['елка', 'ЁЛКА'],
    ['محمد', 'مُحَمَّد'],
    ['مُحَمَّد', 'محمـــد'],
    ['שלום', 'שָׁלוֹם'],
    ['東京', '私は東京に住んでいます'],
    ['東京に住む', '住むなら東京に'],
    ['データ', 'ﾃﾞｰﾀﾍﾞｰｽ'],
    ['ﾃﾞｰﾀ', 'データベース'],
    ['abc１２３', 'ABC123'],
    ['abc', 'ＡＢＣ'],
    ['ที่ดิน', 'ราคาที่ดินแพง'],
    ['हिन्दी', 'मुझे हिन्दी आती है'],
    ['한국', '대한민국 한국어'],
    ['oﬃce', 'Back Office'],
    ['office', 'the oﬃce'],
    ['😀', 'so 😀 it is'],
    ['%', '100 %'],
    ["o'brien", "Flann O'Brien"],
    ['nai', 'naïve'],
  ])('%s is found in %s', async (query, text) => {
    expect(await isFound(query, text)).toBe(true);
  });

  it.each<[string, string]>([
    ['sao rio', 'São Paulo'],
    ['%', 'percent'],
    ['a_d', 'abc'],
    ['かき', 'がき'],
    ['ที่', 'ทุ่ง'],
    ['की', 'का'],
    ['abd', 'ＡＢＣ'],
  ])('%s is not found in %s', async (query, text) => {
    expect(await isFound(query, text)).toBe(false);
  });

  it('looks for each word in any text of a row, and in what is nested', async () => {
    await duckdb.database.all(
      `CREATE TABLE t AS SELECT 'one' AS a, ['two', 'Drei'] AS l, {'x': 4, 'y': 'fünf'} AS s, 'six'::ENUM('six') AS e, 7 AS n, MAP {'acht': 9} AS m`,
    );
    const columns = (await duckdb.database.all('DESCRIBE t')).map(([name, type]) => ({
      name: String(name),
      type: String(type),
    }));
    const count = async (query: string): Promise<unknown> => {
      const search = searchSql(query, columns);
      return (
        await duckdb.database.all(`SELECT count(*) FROM t WHERE ${search?.sql}`, search?.parameters)
      )[0]?.[0];
    };
    expect(await count('ONE drei FUNF six acht')).toBe(1n);
    expect(await count('one ten')).toBe(0n);
    expect(await count('7')).toBe(0n);
  });

  it('of nothing is no condition, and of a table without texts finds nothing', () => {
    expect(searchSql('  ', [])).toBeNull();
    expect(searchSql('x', [{ name: 'n', type: 'INTEGER' }])).toEqual({
      sql: '(false)',
      parameters: [],
    });
    expect(() => searchSql('x'.repeat(1001), [])).toThrow('at most 1000');
  });
});
