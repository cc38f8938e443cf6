import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, move, put, remove } from '../support/datasets.js';
import { searchApi } from '../support/search.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
let search: ReturnType<typeof searchApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
  search = searchApi(app);
});
afterAll(() => app.stop());

const edit = async (id: string, body: object) => {
  expect((await api.json('PATCH', `/v1/datasets/${id}`, body)).status).toBe(200);
};

describe('A search finds a dataset created a moment ago', () => {
  beforeAll(async () => {
    const fileId = await api.upload('quokka');
    await api.create({ name: 'Quokka census' });
    await api.create({ name: 'By tag', tags: ['marsupial islands'] });
    await api.create({ name: 'By description', description: 'Counted on Rottnest, by night.' });
    await api.create({
      name: 'By metadata',
      metadata: { survey: [{ leader: 'Ngaio Marsh' }, { plots: 4711.25, done: true }] },
    });
    await api.create({
      name: 'By path',
      files: [{ path: 'raw/transect_north-2021.csv', fileId }],
    });
  });

  it.each([
    ['its name', 'quokka', 'Quokka census'],
    ['a tag', 'islands', 'By tag'],
    ['its description', 'rottnest', 'By description'],
    ['a text deep in its metadata', 'ngaio', 'By metadata'],
    ['a number in its metadata', '4711.25', 'By metadata'],
    ['a part of a path', 'transect', 'By path'],
    ['a path', 'raw/transect_north-2021.csv', 'By path'],
    ['words of several fields', 'raw path', 'By path'],
    ['capitals', 'QUOKKA Census', 'Quokka census'],
  ])('by %s', async (_field, q, name) => {
    expect(await search.names({ q })).toEqual([name]);
  });

  it('but not by keys of the metadata, nor by a part of the words alone', async () => {
    expect(await search.names({ q: 'survey' })).toEqual([]);
    expect(await search.names({ q: 'quokka rottnest' })).toEqual([]);
  });

  it.each(['q', 'qu', 'quok', 'census quok'])('while %s is typed', async (q) => {
    const { items, similar } = await search.search({ q });
    expect(items[0]).toMatchObject({ name: 'Quokka census' });
    expect(similar).toBe(false);
  });

  it.each([
    ['quoka', 'Quokka census'],
    ['qoukka', 'Quokka census'],
    ['marsupail', 'By tag'],
    ['rottnes island', undefined],
    ['rottnestt counted', 'By description'],
  ])('in spite of the typing error in %s', async (q, name) => {
    const { items, similar } = await search.search({ q });
    expect(items[0]?.name).toBe(name);
    expect(similar).toBe(name !== undefined);
  });

  it('and puts those first that have it in the name, then in tags, text, paths', async () => {
    const fileId = await api.upload('wombat');
    await api.create({ name: 'd', files: [{ path: 'wombat', fileId }] });
    await api.create({ name: 'c', description: 'wombat' });
    await api.create({ name: 'b', tags: ['wombat'] });
    await api.create({ name: 'wombat a' });
    await api.create({ name: 'none' });
    const { items, total } = await search.search({ q: 'wombat' });
    expect(items.map(({ name }) => name)).toEqual(['wombat a', 'b', 'c', 'd']);
    expect(total).toEqual({ value: 4, relation: 'exact' });
  });
});

describe('In any language', () => {
  const NAMES = {
    russian: 'Погода в Санкт-Петербурге',
    japanese: '東京の天気予報データセット',
    chinese: '北京空气质量监测数据',
    thai: 'ข้อมูลสภาพอากาศกรุงเทพ',
    arabic: 'بيانات الطَّقس في القاهرة',
    korean: '서울의 날씨 데이터를 모은 것',
    greek: 'Καιρός στην Αθήνα',
    hindi: 'दिल्ली का मौसम',
    portuguese: 'Trânsito de São Paulo',
  };
  beforeAll(async () => {
    for (const name of Object.values(NAMES)) await api.create({ name });
  });

  it.each([
    ['погода', 'russian'],
    ['ПЕТЕРБУРГЕ', 'russian'],
    ['погда', 'russian'],
    ['天気', 'japanese'],
    ['予報', 'japanese'],
    ['データ', 'japanese'],
    ['気予', 'japanese'],
    ['ﾃﾞｰﾀｾｯﾄ', 'japanese'],
    ['空气质量', 'chinese'],
    ['数据', 'chinese'],
    ['据', 'chinese'],
    ['อากาศ', 'thai'],
    ['สภาพอากาศ', 'thai'],
    ['الطقس', 'arabic'],
    ['القاهرة', 'arabic'],
    ['데이터', 'korean'],
    ['αθηνα', 'greek'],
    ['मौसम', 'hindi'],
    ['sao paulo', 'portuguese'],
    ['SÃO', 'portuguese'],
    ['sa\u0303o', 'portuguese'],
    ['transito', 'portuguese'],
  ] as const)('%s finds the %s one', async (q, language) => {
    expect(await search.names({ q })).toEqual([NAMES[language]]);
  });

  it('words are not stemmed as if they were English', async () => {
    await api.create({ name: 'Running' });
    expect(await search.names({ q: 'runs' })).toEqual([]);
  });
});

describe('What has changed', () => {
  it('is found by its new words and not by the old ones', async () => {
    const { id } = await api.create({ name: 'Zebra herds', tags: ['stripes'] });
    await edit(id, { name: 'Okapi herds', tags: ['forest ungulates'] });
    expect(await search.names({ q: 'zebra' })).toEqual([]);
    expect(await search.names({ q: 'stripes' })).toEqual([]);
    expect(await search.names({ tag: 'stripes' })).toEqual([]);
    expect(await search.names({ q: 'okapi ungulates' })).toEqual(['Okapi herds']);
    expect(await search.names({ tag: 'Forest  Ungulates' })).toEqual(['Okapi herds']);
  });

  it('is what the head of main shows', async () => {
    const fileId = await api.upload('paths');
    const { id } = await api.create({
      name: 'Moving paths',
      files: [{ path: 'aardvark.csv', fileId }],
    });
    expect(await search.names({ q: 'aardvark' })).toEqual(['Moving paths']);
    await api.commit(id, [move('aardvark.csv', 'pangolin.csv'), put('bilby.csv', fileId)]);
    expect(await search.names({ q: 'aardvark' })).toEqual([]);
    expect(await search.names({ q: 'pangolin bilby' })).toEqual(['Moving paths']);
    await api.commit(id, [remove('bilby.csv')]);
    expect(await search.names({ q: 'bilby' })).toEqual([]);
    expect(await search.names({ q: 'pangolin' })).toEqual(['Moving paths']);
  });

  it('is hidden as soon as it is deleted', async () => {
    const { id } = await api.create({ name: 'Thylacine', tags: ['extinct'] });
    expect(await search.names({ q: 'thylacine' })).toEqual(['Thylacine']);
    expect((await app.fetch(`/v1/datasets/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await search.search({ tag: 'extinct' })).toMatchObject({
      items: [],
      total: { value: 0, relation: 'exact' },
      facets: { tags: [], fileTypes: [] },
    });
  });
});

describe('Highlights', () => {
  it('mark what matched in each field, and are safe to show', async () => {
    const fileId = await api.upload('marked');
    await api.create({
      name: '<b>Numbat</b> & co',
      tags: ['numbat', 'other'],
      description: `${'Long before. '.repeat(30)}Then a NUMBAT came. ${'And after. '.repeat(30)}`,
      metadata: { note: 'no "numbats" here', n: 1 },
      files: [
        { path: 'data/numbat_1.csv', fileId },
        { path: 'readme', fileId },
      ],
    });
    const { items } = await search.search({ q: 'numbat' });
    const snippets = Object.groupBy(items[0]!.highlights, ({ field }) => field);
    expect(snippets['name']).toEqual([
      { field: 'name', snippet: '&lt;b&gt;<em>Numbat</em>&lt;/b&gt; &amp; co' },
    ]);
    expect(snippets['tags']).toEqual([{ field: 'tags', snippet: '<em>numbat</em>' }]);
    expect(snippets['description']?.[0]?.snippet).toMatch(
      /^….*Then a <em>NUMBAT<\/em> came\. And after\..*…$/,
    );
    expect(snippets['description']?.[0]?.snippet.length).toBeLessThan(200);
    expect(snippets['metadata']).toEqual([
      { field: 'metadata', snippet: 'no &quot;<em>numbats</em>&quot; here' },
    ]);
    expect(snippets['paths']).toEqual([{ field: 'paths', snippet: 'data/<em>numbat</em>_1.csv' }]);
  });

  it('mark a part of a text without spaces, and the word that was meant', async () => {
    await api.create({ name: '大阪の交通量調査' });
    expect((await search.search({ q: '交通' })).items[0]?.highlights).toEqual([
      { field: 'name', snippet: '大阪の<em>交通</em>量調査' },
    ]);
    await api.create({ name: 'Echidna tracks' });
    expect((await search.search({ q: 'echinda' })).items[0]?.highlights).toEqual([
      { field: 'name', snippet: '<em>Echidna</em> tracks' },
    ]);
  });
});
