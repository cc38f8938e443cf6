import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { sha256 } from '../support/digests.js';
import { expectNothingLeft, traces } from '../support/leftovers.js';
import { multipart, type FormPart } from '../support/multipart.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ UPLOAD_MAX_BYTES: '2000000', UPLOAD_MAX_FILES: '40' });
});
afterAll(() => app.stop());

const file = (content: Uint8Array | string, fileName: string | Buffer = 'part.csv'): FormPart => ({
  name: 'file',
  fileName,
  content,
});
const field = (name: string, content: string): FormPart => ({ name, content });

const send = (parts: FormPart[], options?: { close: boolean }) => {
  const { body, type } = multipart(parts, options);
  return app.fetch('/v1/files/batch', {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'Content-Type': type },
  });
};

describe('POST /v1/files/batch', () => {
  it('makes every part a file, in the order of the parts', async () => {
    const contents = Array.from({ length: 20 }, (_, n) => `part ${n} `.repeat(n * 1000));
    const response = await send(contents.map((content, n) => file(content, `${n}.csv`)));
    expect(response.status).toBe(201);
    const { items } = (await response.json()) as { items: { id: number; fileName: string }[] };
    expect(items).toMatchObject(
      contents.map((content, n) => ({
        contentHash: `sha256:${sha256(content)}`,
        size: Buffer.byteLength(content),
        fileName: `${n}.csv`,
        fileType: 'csv',
      })),
    );
    for (const [n, { id }] of items.entries()) {
      const back = await app.fetch(`/v1/files/${id}/content`);
      expect(await back.text()).toBe(contents[n]);
    }
  });

  it('describes all parts by the fields and single ones by `items`', async () => {
    const response = await send([
      field('metadata', '{"all":true}'),
      field('fileType', 'text'),
      file('described 1'),
      file('described 2'),
      field('items', '[{}, {"fileType":"json","metadata":{"own":1},"fileName":"x.json"}]'),
    ]);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      items: [
        { fileType: 'text', metadata: { all: true }, fileName: 'part.csv' },
        { fileType: 'json', metadata: { own: 1 }, fileName: 'x.json' },
      ],
    });
  });

  it('tells which item is at fault, and that one digest is not for many contents', async () => {
    const parts = [file('at fault 1'), file('at fault 2')];
    const items = field('items', '[{}, {"fileType":"!"}]');
    const { errors } = await expectProblem(await send([...parts, items]), 400, 'validation-failed');
    expect(errors).toMatchObject([{ pointer: '/items/1/fileType' }]);
    const { body, type } = multipart(parts);
    const digest = Buffer.from(sha256('at fault 1'), 'hex').toString('base64');
    const response = await app.fetch('/v1/files/batch', {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { 'Content-Type': type, 'Repr-Digest': `sha-256=:${digest}:` },
    });
    await expectProblem(response, 400, 'validation-failed');
  });

  it('stores a content once that comes twice in one request', async () => {
    const before = await traces(app);
    const response = await send([file('twin', 'a.csv'), file('twin', 'b.csv')]);
    const { items } = (await response.json()) as {
      items: { id: number; deduplicated: boolean; fileName: string }[];
    };
    expect(items).toMatchObject([
      { deduplicated: false, fileName: 'a.csv' },
      { deduplicated: true, fileName: 'b.csv' },
    ]);
    expect(items[0]?.id).toBe(items[1]?.id);
    const after = await traces(app);
    expect(after.files - before.files).toBe(1);
    expect(after.references - before.references).toBe(2);
    expect(after.objects.length - before.objects.length).toBe(1);
  });

  it.each<[string, FormPart[], number, string]>([
    ['a file name that is a path', [file('x', '../x')], 400, 'validation-failed'],
    ['a part of another name', [{ ...file('x'), name: 'other' }], 400, 'validation-failed'],
    ['an unknown field', [field('unknown', '1')], 400, 'validation-failed'],
    ['a field twice', [field('fileType', 'a'), field('fileType', 'b')], 400, 'validation-failed'],
    ['metadata that is no JSON', [field('metadata', '{')], 400, 'validation-failed'],
    ['too few `items`', [field('items', '[{}]')], 400, 'validation-failed'],
    ['`items` that is no array', [field('items', '{}')], 400, 'validation-failed'],
    ['`items` of no objects', [field('items', '[1,2]')], 400, 'validation-failed'],
    ['an unknown key in `items`', [field('items', '[{"x":1},{}]')], 400, 'validation-failed'],
    ['`items` with __proto__', [field('items', '[{"__proto__":{}},{}]')], 400, 'validation-failed'],
    [
      'a name of broken Unicode in `items`',
      [field('items', String.raw`[{"fileName":"\ud800.csv"},{}]`)],
      400,
      'validation-failed',
    ],
    ['a file that is too large', [file(Buffer.alloc(2_000_001))], 413, 'upload-too-large'],
    [
      'too many files',
      Array.from({ length: 40 }, (_, n) => file(`${n}`)),
      400,
      'validation-failed',
    ],
  ])('keeps none of the good parts when there is %s', async (_, bad, status, code) => {
    const before = await traces(app);
    await expectProblem(
      await send([file('good 1', '1.csv'), ...bad, file('good 2', '2.csv')]),
      status,
      code,
    );
    await expectNothingLeft(app, before);
  });

  it('keeps none of the parts when the form is cut after the last of them', async () => {
    const before = await traces(app);
    const response = await send([file('whole 1'), file('whole 2')], { close: false });
    await expectProblem(response, 400, 'malformed-multipart');
    await expectNothingLeft(app, before);
  });

  it('wants a form with at least one file', async () => {
    await expectProblem(await send([field('fileType', 'csv')]), 400, 'validation-failed');
    const raw = await app.fetch('/v1/files/batch', { method: 'POST', body: 'no form' });
    await expectProblem(raw, 400, 'malformed-multipart');
  });
});
