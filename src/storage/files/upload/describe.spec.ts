import { describe as suite, expect, it } from '@jest/globals';
import { ValidationFailedError } from '../../../core/errors/index.js';
import { describe, parseDescription } from './describe.js';

suite('describe', () => {
  it('has a default for everything when nothing is known', () => {
    expect(describe({}, {})).toMatchObject({
      fileName: null,
      fileType: 'binary',
      mimeType: 'application/octet-stream',
      compressionType: null,
      metadata: {},
    });
  });

  it('takes what was given before all hints', () => {
    const given = {
      fileName: 'given.json',
      fileType: 'table',
      mimeType: 'text/plain; charset=utf-8',
      compressionType: 'br',
      metadata: { a: 1 },
    };
    expect(describe(given, { fileName: 'hint.csv.gz', mimeType: 'text/csv' })).toMatchObject(given);
  });

  it.each([
    ['a.csv', undefined, { fileType: 'csv', mimeType: 'text/csv', compressionType: null }],
    [
      'a.json',
      undefined,
      { fileType: 'json', mimeType: 'application/json', compressionType: null },
    ],
    ['a.csv.gz', undefined, { fileType: 'csv', compressionType: 'gzip' }],
    ['README', undefined, { fileType: 'binary', mimeType: 'application/octet-stream' }],
    ['a.unknown', undefined, { fileType: 'unknown', mimeType: 'application/octet-stream' }],
    ['a.csv', 'application/x-special', { fileType: 'csv', mimeType: 'application/x-special' }],
    ['a.bin', 'text/csv; charset=utf-8', { mimeType: 'text/csv; charset=utf-8' }],
  ])('says of %s that came as %s: %j', (fileName, mimeType, expected) => {
    expect(describe({}, { fileName, mimeType })).toMatchObject(expected);
  });

  it.each([
    'application/octet-stream',
    'Application/Octet-Stream',
    'binary/octet-stream',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
    'csv',
    'text/',
    'text/csv\r\nX: y',
    'text/ csv',
    'текст/csv',
    `text/${'x'.repeat(255)}`,
  ])('does not believe a client that says "%s"', (mimeType) => {
    expect(describe({}, { fileName: 'a.csv', mimeType }).mimeType).toBe('text/csv');
    expect(describe({}, { mimeType }).mimeType).toBe('application/octet-stream');
  });

  it('keeps names composed, whichever way a system spells them', () => {
    expect(describe({}, { fileName: 'donne\u0301es.csv' }).fileName).toBe('donn\u00e9es.csv');
    expect(describe({ fileName: 'e\u0301' }, {}).fileName).toBe('\u00e9');
  });
});

suite('parseDescription', () => {
  const faultsOf = async (fields: object): Promise<unknown> => {
    const error = await parseDescription(fields).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(ValidationFailedError);
    return (error as ValidationFailedError).errors?.map(({ pointer }) => pointer);
  };

  it('takes a form with nothing in it', async () => {
    expect(describe(await parseDescription({}), {})).toEqual(describe({}, {}));
  });

  it('counts an empty field as one that nobody has filled in', async () => {
    const description = await parseDescription({
      fileType: '',
      mimeType: '',
      metadata: '',
      fileName: '',
    });
    expect(describe(description, {})).toEqual(describe({}, {}));
  });

  it('reads metadata from JSON text, and takes it as an object too', async () => {
    const metadata = { source: 'sensor 7', nested: { list: [1, null, true] } };
    for (const given of [metadata, JSON.stringify(metadata)]) {
      expect(await parseDescription({ metadata: given })).toMatchObject({ metadata });
    }
  });

  it.each(['{', 'text', "{'a': 1}", '[1]', '"a"', '7', 'null '.repeat(2)])(
    'refuses the metadata %s',
    async (metadata) => {
      expect(await faultsOf({ metadata })).toEqual(['/metadata']);
    },
  );

  it('names all faults at once', async () => {
    const faults = await faultsOf({
      fileType: 'with space',
      mimeType: 'csv',
      compressionType: '-gzip',
      fileName: 'a/b',
      metadata: [],
      colour: 'red',
    });
    expect(new Set(faults as string[])).toEqual(
      new Set(['/fileType', '/mimeType', '/compressionType', '/fileName', '/metadata', '/colour']),
    );
  });

  it('refuses a field that comes twice', async () => {
    expect(await faultsOf({ fileType: ['csv', 'json'] })).toEqual(['/fileType']);
  });
});
