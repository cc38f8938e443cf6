import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectNothingLeft } from '../support/leftovers.js';
import { BOUNDARY, fileForm, multipart, type FormPart } from '../support/multipart.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());
afterEach(() => expectNothingLeft(app));

const post = (body: Buffer | string, type = `multipart/form-data; boundary=${BOUNDARY}`) =>
  app.fetch('/v1/files', {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body as string)),
    headers: { 'Content-Type': type },
  });

const { body: FORM } = fileForm('some content of a file', 'a.csv', { after: { fileType: 'csv' } });
const FILE: FormPart = { name: 'file', fileName: 'a.csv', content: 'x' };
const field = (name: string, content = 'x'): FormPart => ({ name, content });

describe('a form that ends too early', () => {
  it('is refused wherever it is cut before its closing boundary', async () => {
    // The form ends with the boundary's two dashes; the line break after them may be missing.
    for (let length = FORM.length - 3; length >= 0; length -= length > FORM.length - 50 ? 1 : 7) {
      const { status } = await post(FORM.subarray(0, length)).then(async (response) =>
        expectProblem(response, 400, 'malformed-multipart'),
      );
      expect([length, status]).toEqual([length, 400]);
    }
  });
});

describe('a form that is not one', () => {
  it.each([
    ['an empty body', ''],
    ['no part', `--${BOUNDARY}--\r\n`],
    ['text without boundaries', 'just text\r\n'.repeat(50)],
    ['another boundary than announced', FORM.toString().replaceAll(BOUNDARY, 'other-boundary')],
    ['garbage part headers', `--${BOUNDARY}\r\n\0\u0001garbage\r\n\r\nx\r\n--${BOUNDARY}--\r\n`],
    ['a part header without colon', `--${BOUNDARY}\r\nname=file\r\n\r\nx\r\n--${BOUNDARY}--\r\n`],
    ['endless part headers', `--${BOUNDARY}\r\n${'X-A: b\r\n'.repeat(20_000)}`],
    ['one endless part header', `--${BOUNDARY}\r\nX-A: ${'b'.repeat(200_000)}`],
    ['bare line feeds', FORM.toString().replaceAll('\r\n', '\n')],
  ])('is refused: %s', async (_, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    const { code } = (await response.clone().json()) as { code: string };
    expect(['malformed-multipart', 'validation-failed']).toContain(code);
    await expectProblem(response, 400, code);
  });

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary',
    `multipart/form-data; boundary=${'b'.repeat(500)}`,
    'multipart/form-data; charset=utf-8',
  ])('is refused when announced as %s', async (type) => {
    await expectProblem(await post(FORM, type), 400, 'malformed-multipart');
  });
});

describe('a form with parts that do not belong there', () => {
  it.each<[string, FormPart[]]>([
    ['an unknown field', [field('unknown')]],
    ['a field twice', [field('fileType'), field('fileType')]],
    ['metadata twice', [field('metadata', '{}'), field('metadata', '{}')]],
    ['a nested name', [field('a[b][c]')]],
    ['a nested known name', [field('metadata[a]')]],
    ['a huge index', [field('items[4294967294]')]],
    ['an index', [field('items[0]')]],
    ['an empty list name', [field('fileType[]')]],
    ['an empty name', [field('')]],
    ['__proto__', [field('__proto__')]],
    ['a property of __proto__', [field('__proto__[polluted]')]],
    ['constructor', [field('constructor')]],
    ['a property of constructor.prototype', [field('constructor[prototype]')]],
    ['toString', [field('toString')]],
    ['a very long field name', [field('n'.repeat(10_000))]],
    ['a very long value', [field('fileType', 'v'.repeat(300_000))]],
    ['thousands of fields', Array.from({ length: 5000 }, (_, n) => field(`f${n}`))],
    ['thousands of files', Array.from({ length: 5000 }, () => FILE)],
    ['a second file', [FILE]],
    ['a file of another name', [{ ...FILE, name: 'other' }]],
    ['a file without a name', [{ ...FILE, name: '' }]],
    ['a file named metadata', [{ ...FILE, name: 'metadata' }]],
  ])('is refused: %s, before or after the file', async (_, parts) => {
    for (const all of [
      [...parts, FILE],
      [FILE, ...parts],
    ]) {
      await expectProblem(await post(multipart(all).body), 400, 'validation-failed');
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('is refused without a file', async () => {
    for (const parts of [[field('fileType', 'csv')], [field('file', 'not a file')]]) {
      await expectProblem(await post(multipart(parts).body), 400, 'validation-failed');
    }
  });
});
