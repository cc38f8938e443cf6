import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Profile } from '../../src/analysis/profile/profile.types.js';
import { analysisApi } from '../support/analysis.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { seededRandom } from '../support/history.js';
import * as oracle from '../support/profile-oracle.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi } from '../support/tables.js';

let app: TestApp;
let api: ReturnType<typeof analysisApi>;
beforeAll(async () => {
  app = await startTestApp({ WORKERS: '1' });
  api = analysisApi(app);
});
afterAll(() => app.stop());

async function profileOf(files: Record<string, string | Uint8Array>, path: string) {
  const datasetId = await tablesApi(app).dataset(files);
  const job = await api.run('profile', { datasetId, path });
  const text = (await api.output(job, 'profile.json')).toString();
  const page = (await api.output(job, 'profile.html')).toString();
  return { job, datasetId, page, profile: JSON.parse(text) as Profile };
}

const random = seededRandom(7);

/** Numbers that depend on one another, categories that do, gaps, and rows that are there again. */
function madeRows(): oracle.Row[] {
  const rows = Array.from({ length: 400 }, (_, place): oracle.Row => {
    const x = Math.round(random() * 100);
    const kind = ['a', 'b', 'c'][Math.floor(random() * 3)] as string;
    return {
      day: Math.floor(place / 20),
      slot: place % 20,
      x: random() < 0.1 ? null : x,
      cube: random() < 0.1 ? null : x ** 3 + Math.round(random() * 1000),
      noise: Math.round(random() * 1000) / 8,
      kind,
      like: random() < 0.2 ? null : random() < 0.8 ? `is ${kind}` : 'is z',
    };
  });
  return rows;
}

const csvOf = (rows: readonly oracle.Row[]): string => {
  const names = Object.keys(rows[0] ?? {});
  return `${[names, ...rows.map((row) => names.map((name) => row[name] ?? ''))].join('\n')}\n`;
};

describe('A profile', () => {
  it('says of pairs, gaps and keys what plain code says', async () => {
    const rows = madeRows();
    const { profile } = await profileOf({ 'made.csv': csvOf(rows) }, 'made.csv');
    const { correlations, missing, keys, duplicates } = profile;
    expect(correlations.basis).toEqual({ exactly: 'exact', method: 'all-rows', rows: 400 });
    for (const [method, of] of [
      ['pearson', oracle.pearson],
      ['spearman', oracle.spearman],
    ] as const) {
      expect(correlations[method].pairs).toHaveLength(10);
      for (const { a, b, value, rows: both } of correlations[method].pairs) {
        const [xs, ys] = oracle.paired<number>(rows, a, b);
        expect([a, b, both]).toEqual([a, b, xs.length]);
        expect([a, b, value]).toEqual([a, b, expect.closeTo(of(xs, ys), 5)]);
      }
    }
    const [kinds, likes] = oracle.paired<string>(rows, 'kind', 'like');
    expect(correlations.cramersV.pairs).toEqual([
      {
        a: 'kind',
        b: 'like',
        value: expect.closeTo(oracle.cramersV(kinds, likes), 5),
        rows: kinds.length,
      },
    ]);
    const patterns = oracle.patternsOf(rows);
    expect(
      Object.fromEntries(missing.patterns.map((one) => [one.missing.join(), one.count])),
    ).toEqual(patterns);
    expect(missing.patternCount).toBe(Object.keys(patterns).length);
    expect(missing.completeRows.count).toBe(patterns['']);
    expect(keys.keys).toContainEqual(['day', 'slot']);
    for (const names of keys.keys) expect(oracle.isKey(rows, names)).toBe(true);
    expect(duplicates.count).toBe(0);
  });

  it('counts rows that are there again, and shows the first of them', async () => {
    const rows = madeRows();
    const again = [...rows, ...rows.slice(0, 30), ...rows.slice(5, 8), rows[6] as oracle.Row];
    const { profile } = await profileOf({ 'again.csv': csvOf(again) }, 'again.csv');
    const { duplicates, keys, warnings } = profile;
    expect(duplicates).toMatchObject(oracle.repeatsOf(again));
    expect(duplicates.examples[0]).toMatchObject({ rows: 4, file: 'again.csv', rowIndex: 6 });
    expect(duplicates.examples[1]).toMatchObject({ rows: 3, rowIndex: 5 });
    expect(keys.keys).toEqual([]);
    expect(warnings[0]).toMatchObject({ code: 'duplicates', severity: 'warning' });
  });

  it('warns of what hides in columns', async () => {
    const rows = Array.from({ length: 200 }, (_, n) => ({
      id: n,
      constant: 'x',
      gone: '',
      rare: n < 20 ? n : '',
      weight: n % 40 === 0 ? -999 : 50 + (n % 7),
      mixed: n % 50 === 0 ? `about ${n}` : n,
      zeros: n % 3 === 0 ? n : 0,
      city: n % 20 === 0 ? 'N/A' : `city ${n % 6}`,
      same: n === 7 ? 'no' : 'yes',
      name: `name ${n % 180}`,
      steep: 2 ** (n / 12),
      twice: 2 * n + 1,
    }));
    const { profile } = await profileOf({ 'odd.csv': csvOf(rows) }, 'odd.csv');
    const found = profile.warnings.map(({ code, columns }) => `${code} ${columns.join()}`);
    expect(found).toEqual(
      expect.arrayContaining([
        'constant constant',
        'all-missing gone',
        'mostly-missing rare',
        'sentinels weight',
        'mixed-types mixed',
        'zeros zeros',
        'placeholders city',
        'imbalance same',
        'high-cardinality name',
        'highly-correlated id,twice',
      ]),
    );
    expect(profile.warnings.find(({ code }) => code === 'sentinels')?.detail).toContain(
      '-999 (5 times)',
    );
    expect(profile.warnings.find(({ code }) => code === 'mixed-types')?.detail).toContain(
      'such as “about 0”',
    );
    expect(profile.keys.keys).toEqual([['id'], ['mixed'], ['twice']]);
    const severities = profile.warnings.map(({ severity }) => severity);
    expect(severities).toEqual([...severities].sort().reverse());
  });

  it('is a page on which names and values are text, whatever they are', async () => {
    const hostile = [
      {
        '<script>alert(1)</script>': '"><img src=x onerror=alert(2)>',
        'it\'s "&amp;`': "' onload='x",
      },
      {
        '<script>alert(1)</script>': '</title></style></svg><b>',
        'it\'s "&amp;`': '\u202eevil\u0007',
      },
      { '<script>alert(1)</script>': 'javascript:alert(3)', 'it\'s "&amp;`': '' },
    ];
    const lines = hostile.map((row) => JSON.stringify(row)).join('\n');
    const { page } = await profileOf({ "<i>&'.jsonl": lines }, "<i>&'.jsonl");
    const tags = new Set([...page.matchAll(/<\/?([a-zA-Z!][^\s/>]*)/g)].map(([, tag]) => tag));
    for (const tag of ['script', 'img', 'b', 'i>', 'iframe', 'link'])
      expect(tags).not.toContain(tag);
    // Its own is the one of meters.
    expect(
      [...page.matchAll(/<i[\s>][^>]*>/g)].every(([tag]) =>
        /^<i style="width:[\d.]+%">$/.test(tag),
      ),
    ).toBe(true);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('&quot;&gt;&lt;img src=x onerror=alert(2)&gt;');
    expect(page).not.toMatch(/\son\w+=["'](?!.*&)/);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/(?:src|href)="(?!#)/);
  });

  it('is the same bytes each time, of a folder as well, and says what it is of', async () => {
    const rows = csvOf(madeRows());
    const files = { 'parts/a.csv': rows, 'parts/b.csv': rows, 'parts/c.txt': '{{{' };
    const { job, datasetId, profile, page } = await profileOf(files, 'parts/');
    expect(profile.rowCount).toBe(800);
    expect(profile.duplicates.count).toBe(400);
    expect(profile.source.files.map(({ path }) => path)).toEqual(['parts/a.csv', 'parts/b.csv']);
    expect(page).toContain(profile.source.files[0]?.sha256);
    const again = await api.run('profile', { datasetId, path: 'parts/' });
    expect(await api.digests(again)).toEqual(await api.digests(job));
    expect(await api.fileOf(job, 'profile.html')).toMatchObject({
      fileType: 'html',
      mimeType: 'text/html; charset=utf-8',
      metadata: { analysis_type: 'profile', source_path: 'parts/', job_id: job.id },
    });
  });

  it('is of tables without rows, of one row and of one column, too', async () => {
    const files = { 'none.csv': 'a,b\n', 'one.csv': 'a,b\n1,x\n', 'column.csv': 'a\n1\n2\n2\n' };
    const none = await profileOf(files, 'none.csv');
    expect(none.profile).toMatchObject({ rowCount: 0, warnings: [{ code: 'empty' }] });
    const one = await profileOf(files, 'one.csv');
    expect(one.profile).toMatchObject({
      rowCount: 1,
      keys: { keys: [] },
      duplicates: { count: 0 },
    });
    const column = await profileOf(files, 'column.csv');
    expect(column.profile).toMatchObject({ rowCount: 3, duplicates: { count: 1, groups: 1 } });
  });

  it('of a table of every kind of column, with values at their limits', async () => {
    const file = await readFile('node_modules/vega-datasets/data/movies.json');
    const { profile } = await profileOf({ 'movies.json': file }, 'movies.json');
    expect(profile).toMatchObject({ rowCount: 3201, missing: { patternCount: 182 } });
    const edges = [
      { i: '9223372036854775807', f: 1e308, t: '2020-01-01', l: [1], s: { a: 1 }, b: true },
      { i: '-9223372036854775808', f: -1e308, t: '2021-01-01', l: [], s: null, b: false },
      { i: '0', f: 5e-324, t: null, l: null, s: { a: null }, b: null },
    ].map((row) => JSON.stringify(row).replace(/"i":"(-?\d+)"/, '"i":$1'));
    const { profile: of } = await profileOf({ 'e.jsonl': edges.join('\n') }, 'e.jsonl');
    expect(of.columns.map(({ kind }) => kind)).toEqual([
      'integer',
      'float',
      'date',
      'list',
      'struct',
      'boolean',
    ]);
  });

  it('is refused without a table, and fails with the reason for what is none', async () => {
    const datasetId = await tablesApi(app).dataset({ 'a.png': '\u0089PNG', 'a.csv': 'a\n1\n' });
    for (const [source, parameters, pointer] of [
      [undefined, {}, '/source'],
      [{ datasetId }, {}, '/source/path'],
      [{ datasetId, path: 'a.csv' }, { bins: 3 }, '/parameters/bins'],
      [{ datasetId, path: 'a.csv' }, { readOptions: 'x' }, '/parameters/readOptions'],
    ] as const) {
      const answer = await api.submit('profile', source, parameters);
      const problem = await expectProblem(answer, 400, 'validation-failed');
      expect(JSON.stringify(problem)).toContain(`"${pointer}"`);
    }
    const failed = await api.ended('profile', { datasetId, path: 'a.png' });
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'not-tabular' } });
    const options = { readOptions: { delimeter: ';' } };
    expect(await api.ended('profile', { datasetId, path: 'a.csv' }, options)).toMatchObject({
      status: 'failed',
      error: { code: 'read-options-invalid' },
    });
  });
});
