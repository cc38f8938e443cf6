import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, move, put, remove } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

const paths = async (dataset: string, ref: string | number, query = '') =>
  (await api.files(dataset, ref, query)).map(({ path }) => path);
const textAt = async (dataset: string, ref: string | number, path: string) =>
  (await api.content(dataset, ref, path)).text();

describe('Changes that are refused', () => {
  let id: string;
  let file: number;
  beforeAll(async () => {
    file = await api.upload('refused');
    const files = ['a', 'folder/b', 'folder/c'].map((path) => ({ path, fileId: file }));
    ({ id } = await api.create({ name: 'refusing', files }));
  });

  it.each<[string, () => object[], number, string]>([
    ['none', () => [], 400, 'validation-failed'],
    ['a file that nobody has', () => [put('x', 2_000_000_000)], 404, 'file-not-found'],
    ['a path twice', () => [put('x', file), put('x', file)], 400, 'validation-failed'],
    ['a put of what is deleted', () => [put('a', file), remove('a')], 400, 'validation-failed'],
    ['two moves of one file', () => [move('a', 'x'), move('a', 'y')], 400, 'validation-failed'],
    ['a move to itself', () => [move('a', 'a')], 400, 'validation-failed'],
    ['the delete of an absent path', () => [remove('nowhere')], 409, 'path-absent'],
    ['the move of an absent path', () => [move('nowhere', 'x')], 409, 'path-absent'],
    ['a move onto a file', () => [move('a', 'folder/b')], 409, 'path-exists'],
    ['a file in a file', () => [put('a/x', file)], 409, 'path-conflict'],
    ['a file for a folder', () => [put('folder', file)], 409, 'path-conflict'],
    ['file and folder at once', () => [put('x', file), put('x/y', file)], 409, 'path-conflict'],
    ['no such operation', () => [{ op: 'copy', path: 'a' }], 400, 'validation-failed'],
    ['an unknown field', () => [put('x', file, { size: 1 })], 400, 'validation-failed'],
    [
      'a fileId that is none',
      () => [{ op: 'put', path: 'x', fileId: '1' }],
      400,
      'validation-failed',
    ],
    ['no object', () => [7 as unknown as object], 400, 'validation-failed'],
  ])('%s', async (_, changes, status, code) => {
    await expectProblem(await api.tryCommit(id, { changes: changes() }), status, code);
    expect(await paths(id, 'latest')).toEqual(['a', 'folder/b', 'folder/c']);
  });

  it.each([
    '',
    '/absolute',
    'a//b',
    'a/',
    '.',
    '../up',
    'a/../b',
    'a/./b',
    'a\\b',
    'nul\u0000',
    'line\nbreak',
    'x'.repeat(1025),
    'é'.repeat(513),
    '\ud800',
    'a/\u{10ffff}',
  ])('the path %j', async (path) => {
    const response = await api.tryCommit(id, { changes: [put(path, file)] });
    const { errors } = await expectProblem(response, 400, 'validation-failed');
    expect(errors).toMatchObject([{ pointer: '/changes/0/path' }]);
  });

  it('but not a swap, nor a folder that takes the place of its file', async () => {
    const [one, two] = [await api.upload('one'), await api.upload('two')];
    const dataset = await api.create({ name: 'swap' });
    await api.commit(dataset.id, [put('one', one), put('two', two)]);
    await api.commit(dataset.id, [move('one', 'two'), move('two', 'one')]);
    expect(await textAt(dataset.id, 2, 'one')).toBe('two');
    await api.commit(dataset.id, [remove('one'), put('one/inner', one)]);
    expect(await paths(dataset.id, 3)).toEqual(['one/inner', 'two']);
    await api.commit(dataset.id, [remove('one/inner'), put('one', one)]);
    expect(await paths(dataset.id, 4)).toEqual(['one', 'two']);
  });

  it.each([
    [{ message: '' }, 400, 'validation-failed'],
    [{ message: 'x'.repeat(2001) }, 400, 'validation-failed'],
    [{ message: 'nul\u0000' }, 400, 'validation-failed'],
    [{ branch: null }, 400, 'validation-failed'],
    [{ branch: 'a/b' }, 400, 'validation-failed'],
    [{ branch: 'latest' }, 400, 'validation-failed'],
    [{ branch: '7' }, 400, 'validation-failed'],
    [{ branch: 'nowhere' }, 404, 'version-not-found'],
    [{ parent: 'main' }, 400, 'validation-failed'],
    [{ parent: 0 }, 400, 'validation-failed'],
    [{ parent: 99 }, 412, 'parent-not-head'],
    [{ author: 'me' }, 400, 'validation-failed'],
    [{ changes: {} }, 400, 'validation-failed'],
  ])('a commit with %j', async (body, status, code) => {
    const response = await api.tryCommit(id, { changes: [put('x', file)], ...body });
    await expectProblem(response, status, code);
    expect(await paths(id, 'latest')).toEqual(['a', 'folder/b', 'folder/c']);
  });

  it('twins: two spellings of one name are one path, two cases are two', async () => {
    const dataset = await api.create({ name: 'twins' });
    const twins = [put('caf\u00e9', file), put('cafe\u0301', file)];
    const response = await api.tryCommit(dataset.id, { changes: twins });
    await expectProblem(response, 400, 'validation-failed');
    await api.commit(dataset.id, [put('A.csv', file), put('a.csv', file), put('cafe\u0301', file)]);
    expect(await paths(dataset.id, 1)).toEqual(['A.csv', 'a.csv', 'caf\u00e9']);
    expect((await api.content(dataset.id, 1, 'cafe\u0301')).status).toBe(200);
  });
});
