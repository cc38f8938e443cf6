import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../src/core/errors/index.js';
import { statusOf } from '../../src/core/http/problems/problem.js';
import { filesOf, read, readJson, ROOT, tableOf } from './repository.js';

interface DeclaredError {
  className: string;
  code: string;
  status: string;
  title: string;
}

/** Tests beside the code may plant failures of their own. */
const sources = async (): Promise<string[]> =>
  (await filesOf('src/**/*.ts')).filter((file) => !file.endsWith('.spec.ts'));

/** A class that is a failure of ours, by what it extends, directly or not. */
const SUBCLASS = /class (\w+) extends (?:AppError|\w+Error)\b/g;
const DECLARATION =
  /class (\w+) extends AppError \{\s+readonly kind = '([\w-]+)';\s+readonly code = '([\w-]+)';\s+readonly title = '([^']+)';/g;

/** What the sources declare, read as text: constructors differ too much to call them all. */
async function declaredErrors(): Promise<DeclaredError[]> {
  const errors: DeclaredError[] = [];
  for (const file of await sources()) {
    for (const [, className, kind, code, title] of (await read(file)).matchAll(DECLARATION)) {
      const status = String(statusOf({ kind } as unknown as AppError));
      errors.push({ className: className!, code: code!, status, title: title! });
    }
  }
  return errors;
}

/** Names of the subclasses of AppError that the modules of the sources really export. */
async function exportedErrors(): Promise<string[]> {
  const names: string[] = [];
  for (const file of await sources()) {
    if (![...(await read(file)).matchAll(SUBCLASS)].length) continue;
    const exported = (await import(join(ROOT, file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value === 'function' && value.prototype instanceof AppError) names.push(name);
    }
  }
  return [...new Set(names)].sort();
}

describe('docs/errors.md', () => {
  it('lists code, status and title of every error class, by status and code', async () => {
    const rows = tableOf(await read('docs/errors.md'), ['Code', 'Status', 'Title']);
    const declared = (await declaredErrors())
      .map(({ code, status, title }) => [code, status, title])
      .sort((a, b) => `${a[1]} ${a[0]}`.localeCompare(`${b[1]} ${b[0]}`, 'en'));
    expect(rows.map((row) => row.slice(0, 3))).toEqual(declared);
  });

  it('says what to do about each', async () => {
    const rows = tableOf(await read('docs/errors.md'), ['Code', 'Status', 'Title', 'What to do']);
    for (const [code, , , advice] of rows) {
      expect(`${code}: ${advice}`.length).toBeGreaterThan(code!.length + 12);
    }
  });
});

describe('The error classes', () => {
  it('are all read by this test: each fixes kind, code and title as its first lines', async () => {
    const names = (await declaredErrors()).map(({ className }) => className).sort();
    expect(names.length).toBeGreaterThan(30);
    expect(names).toEqual(await exportedErrors());
  });

  it('have a code of their own, in kebab case', async () => {
    const codes = (await declaredErrors()).map(({ code }) => code);
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
    for (const code of codes) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('lie in *.errors.ts', async () => {
    const strangers: string[] = [];
    for (const file of await sources()) {
      if (file.endsWith('.errors.ts')) continue;
      if (/class \w+ extends AppError\b/.test(await read(file))) strangers.push(file);
    }
    expect(strangers).toEqual([]);
  });

  it('have the codes that the OpenAPI document promises, with its statuses', async () => {
    const { paths } = await readJson<{ paths: Paths }>('openapi.json');
    const known = new Set((await declaredErrors()).map(({ code, status }) => `${status} ${code}`));
    const promised = Object.values(paths)
      .flatMap((operations) => Object.values(operations))
      .flatMap(({ responses }) => Object.entries(responses))
      .filter(([, { content }]) => content && 'application/problem+json' in content)
      .flatMap(([status, { description }]) =>
        [...description.matchAll(/`([\w-]+)`/g)].map(([, code]) => `${status} ${code}`),
      );
    expect(promised.length).toBeGreaterThan(20);
    expect([...new Set(promised)].filter((promise) => !known.has(promise))).toEqual([]);
    // All but what is told before there is a route, what only an operator sees, and what only a job ends with.
    expect([...known].filter((code) => !promised.includes(code)).sort()).toEqual([
      '404 object-not-found',
      '404 route-not-found',
      '422 allocation-impossible',
      '422 column-taken',
      '422 population-empty',
      '422 sample-too-large',
      '422 schemas-apart',
      '422 too-few-rows',
      '422 too-many-groups',
      '422 too-many-outputs',
      '422 weights-invalid',
      '431 headers-too-large',
      '500 invalid-storage-config',
      '500 invalid-storage-path',
      '500 unknown-storage-type',
    ]);
  });
});

type Paths = Record<
  string,
  Record<string, { responses: Record<string, { description: string; content?: object }> }>
>;
