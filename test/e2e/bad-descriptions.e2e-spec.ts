import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectNothingLeft, traces } from '../support/leftovers.js';
import { fileForm } from '../support/multipart.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const byForm = (fields: Record<string, string>, fileName: string | Buffer = 'a.bin') => {
  const { body, type } = fileForm('content', fileName, { after: fields });
  return app.fetch('/v1/files', {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'Content-Type': type },
  });
};
const byQuery = (fields: Record<string, string>) =>
  app.fetch(`/v1/files?${new URLSearchParams(fields).toString()}`, {
    method: 'POST',
    body: 'content',
  });

async function expectRefused(pointer: string, ...sends: (() => Promise<Response>)[]) {
  const before = await traces(app);
  for (const send of sends) {
    const { errors } = await expectProblem(await send(), 400, 'validation-failed');
    expect(errors).toEqual([{ pointer, detail: expect.any(String) }]);
  }
  await expectNothingLeft(app, before);
}

describe('file names that are refused', () => {
  const NAMES = [
    '../../etc/passwd',
    '..',
    '.',
    '/etc/passwd',
    'a/b.csv',
    String.raw`a\b.csv`,
    String.raw`..\..\windows\system32`,
    String.raw`C:\data.csv`,
    'new\nline.csv',
    'tab\t.csv',
    'escape\u001b[31m.csv',
    'delete\u007f.csv',
    'nextline\u0085.csv',
    'vsc.\u202eexe.csv',
    'mark\u200f.csv',
    'isolate\u2066.csv',
    'CON',
    'nul.csv',
    'Lpt1.tar.gz',
    'com¹.txt',
    'trailing.',
    'trailing ',
    'n'.repeat(256),
    'n'.repeat(4096),
    '長'.repeat(86),
  ];

  it.each(NAMES.map((name) => [JSON.stringify(name).slice(0, 60), name]))('%s', async (_, name) => {
    // A line break or a quote can't be part of the header of a part: forms send it as a field.
    // oxlint-disable-next-line no-control-regex -- they are what it is for
    const isHeaderSafe = !/[\n\t\u001b\u007f\u0085]/.test(name);
    await expectRefused(
      '/fileName',
      () => byForm({ fileName: name }),
      () => byQuery({ fileName: name }),
      ...(isHeaderSafe ? [() => byForm({}, name)] : []),
    );
  });

  it('a NUL in a field, in a query and in the name of a part', async () => {
    await expectRefused(
      '/fileName',
      () => byForm({ fileName: 'nul\0.csv' }),
      () => byQuery({ fileName: 'nul\0.csv' }),
    );
    const before = await traces(app);
    const response = await byForm({}, Buffer.from('nul\0.csv'));
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    await expectNothingLeft(app, before);
  });

  it('an escaped line break in the name of a part', async () => {
    await expectRefused('/fileName', () => byForm({}, 'a%0Ab.csv'));
  });
});

describe('file names whose bytes are no UTF-8 are refused', () => {
  it.each(['%ff%fe', '%ED%A0%80'])('in a query: %s', async (name) => {
    await expectRefused('/fileName', () =>
      app.fetch(`/v1/files?fileName=${name}`, { method: 'POST', body: 'content' }),
    );
  });

  it('in the name of a part', async () => {
    await expectRefused('/fileName', () => byForm({}, Buffer.from('caf\xe9.csv', 'latin1')));
  });
});

describe('file names that are kept', () => {
  it.each([
    'Ünïcödé.csv',
    'таблица данных.csv',
    '表計算.csv',
    'جدول.csv',
    'हिन्दी.csv',
    '👩‍👩‍👧‍👦.csv',
    '𝒳.csv',
    'zero\u200dwidth.csv',
    'a..b.csv',
    '...csv',
    'percent%2F.csv',
    'semi;colon.csv',
    "quote's.csv",
    'console.csv',
    'n'.repeat(255),
    '長'.repeat(85),
  ])('%s', async (name) => {
    const names = [];
    for (const response of [
      await byForm({ fileName: name }),
      await byQuery({ fileName: name }),
      await byForm({}, name),
    ]) {
      expect(response.status).toBe(201);
      names.push(((await response.json()) as { fileName: string }).fileName);
    }
    expect(names).toEqual([name, name, name]);
  });

  it('in composed form, so that one name is one name', async () => {
    const response = await byForm({ fileName: 'Gru\u0308ße.csv' });
    expect(await response.json()).toMatchObject({ fileName: 'Gr\u00fcße.csv' });
  });
});

describe('metadata that is refused', () => {
  const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  it.each([
    ['no JSON', '{'],
    ['not JSON', "{'a':1}"],
    ['an array', '[]'],
    ['a number', '7'],
    ['a string', '"text"'],
    ['larger than 64 KiB', JSON.stringify({ a: 'x'.repeat(65_536) })],
    ['a NUL in a value', String.raw`{"a":"\u0000"}`],
    ['a NUL in a key', String.raw`{"a\u0000":1}`],
    ['a lone surrogate', String.raw`{"a":"\ud800"}`],
    ['a lone surrogate in a key', String.raw`{"\udc00":1}`],
    ['a number beyond a double', '{"a":[1e400]}'],
    ['an integer that a double rounds', '{"a":12345678901234567890}'],
  ])('%s', async (_, metadata) => {
    // The longest would not fit into a request line.
    const sends = [() => byForm({ metadata })];
    if (metadata.length < 5000) sends.push(() => byQuery({ metadata }));
    await expectRefused('/metadata', ...sends);
  });

  it.each([
    ['__proto__', '{"__proto__":{"polluted":1}}'],
    ['a nested __proto__', '{"a":[{"__proto__":{"polluted":1}}]}'],
    ['constructor', '{"constructor":{"prototype":{"polluted":1}}}'],
    ['prototype', '{"prototype":1}'],
    ['33 levels', deep(34)],
    ['70 levels', deep(70)],
    ['20,000 levels', deep(20_000)],
    ['20,000 levels of arrays', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ])('%s', async (_, metadata) => {
    const before = await traces(app);
    const { detail } = await expectProblem(await byForm({ metadata }), 400, 'validation-failed');
    expect(detail).toMatch(/deep|key|property/);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    await expectNothingLeft(app, before);
  });

  it('while odd but harmless metadata comes back as it was', async () => {
    const metadata = {
      '': '',
      'a.b': [null, true, 1e-7, '"\\\n'],
      toString: 1,
      hasOwnProperty: {},
    };
    const response = await byForm({ metadata: JSON.stringify(metadata) });
    expect(response.status).toBe(201);
    expect(((await response.json()) as { metadata: unknown }).metadata).toEqual(metadata);
  });
});

describe('fields that are left empty', () => {
  it('count as not sent', async () => {
    const empty = { fileType: '', mimeType: '', compressionType: '', metadata: '', fileName: '' };
    const response = await byForm(empty, 'a.csv');
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      fileType: 'csv',
      mimeType: 'text/csv',
      compressionType: null,
      metadata: {},
      fileName: 'a.csv',
    });
  });
});

describe('types that are refused', () => {
  it.each([
    ['fileType', [' csv', 'c s v', 'x'.repeat(65), '../x', 'a\0b', '💾']],
    ['compressionType', ['g zip', 'x'.repeat(65), '*']],
    [
      'mimeType',
      [
        'csv',
        'text/',
        'text/csv\r\nX-Injected: 1',
        'text/csv; a',
        'text/csv\0',
        `text/${'x'.repeat(300)}`,
      ],
    ],
  ])('%s', async (name, values) => {
    const before = await traces(app);
    for (const value of values) {
      for (const send of [byForm, byQuery]) {
        const { errors } = await expectProblem(
          await send({ [name]: value }),
          400,
          'validation-failed',
        );
        expect(errors?.map(({ pointer }) => pointer)).toContain(`/${name}`);
      }
    }
    await expectNothingLeft(app, before);
  });

  it('all faults are named at once', async () => {
    const { errors } = await expectProblem(
      await byQuery({ fileType: '!', mimeType: '!', fileName: '/', unknown: '1' }),
      400,
      'validation-failed',
    );
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(
      ['/fileName', '/fileType', '/mimeType', '/unknown'].sort(),
    );
  });
});
