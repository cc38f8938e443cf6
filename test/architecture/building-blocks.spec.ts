import { describe, expect, it } from '@jest/globals';
import { filesOf, read, readJson } from './repository.js';

/**
 * What our building blocks offer and we do not take, since it was, or would be, a hole: the reasons
 * stand in docs/security.md. Each with a line that it must find.
 */
const NOT_TAKEN: Record<string, [pattern: RegExp, planted: string]> = {
  'FileTypeValidator and its pipe: they believe the type that a client names': [
    /\b(?:FileTypeValidator|ParseFilePipe(?:Builder)?)\b/,
    'new ParseFilePipe({ validators: [] })',
  ],
  'StreamableFile: it stayed open when a client went away': [
    /\bStreamableFile\b/,
    'return new StreamableFile(stream);',
  ],
  'the upload interceptors of Nest: they spool, and have no limits by default': [
    /\b(?:Any|No)?Files?(?:Fields)?Interceptor\b/,
    "@UseInterceptors(FileInterceptor('file'))",
  ],
  'files of multer on the disk or in memory, and file filters that wait': [
    /\b(?:diskStorage|memoryStorage|fileFilter)\b/,
    'multer({ storage: multer.memoryStorage() })',
  ],
  'devtools: any page could run code': [
    /devtools-integration/,
    "import '@nestjs/devtools-integration';",
  ],
  'save() and its like: a read and a write lose what came between': [
    /(?<!\bthis)\.(?:save|upsert|softRemove|recover)\(/,
    'await this.files.save(file);',
  ],
  'finding by an object of a request': [
    /\.find(?:One|By|OneBy)?\w*\((?:request|body|query|dto)\b/,
    'this.users.findOneBy(body)',
  ],
  'synchronize: migrations change the schema, and nothing else': [
    /\bsynchronize: true\b|\bdropSchema\b/,
    'synchronize: true,',
  ],
  'query builders: their select, order and group are SQL as it is': [
    /\bcreateQueryBuilder\b|\.(?:orderBy|addOrderBy|addSelect|groupBy)\(/,
    "repository.createQueryBuilder('d').orderBy(query.sort)",
  ],
  'implicit conversion: "false" is true': [
    /enableImplicitConversion: true/,
    'enableImplicitConversion: true',
  ],
  'nested queries': [/'query parser', 'extended'/, "app.set('query parser', 'extended')"],
  'the lenient parser of Node': [
    /insecureHTTPParser/,
    'createServer({ insecureHTTPParser: true })',
  ],
  'trusting every proxy': [/'trust proxy', true/, "app.set('trust proxy', true)"],
  'regular expressions, code and modules made of text': [
    /\beval\(|new Function\(|\bvm\.|createContext\(/,
    'eval(text)',
  ],
  'looking into bytes for their type, and into texts for URLs': [
    /from 'file-type'|fileTypeFrom|\bisURL\b|\bIsUrl\b/,
    "import { fileTypeFromBuffer } from 'file-type';",
  ],
  'a shell': [
    /\b(?:execSync|execFileSync|spawnSync)\(|\bexec\b.*'node:child_process'|shell: true/,
    "import { exec } from 'node:child_process';",
  ],
};

/** `Interceptor` is also what ours are called, and regular expressions have an `exec`. */
const isOurs = (line: string): boolean =>
  /UploadInterceptor|[A-Z_]+\.exec\(|\/\w*\.exec\(/.test(line);

const linesWith = (text: string, pattern: RegExp): string[] =>
  text.split('\n').filter((line) => pattern.test(line) && !isOurs(line));

/** A query runner must be released by whoever made it, or the pool runs dry. */
const MAKE_RUNNERS = ['src/core/database/migrate.ts', 'src/core/database/unit-of-work.ts'];

describe('The building blocks', () => {
  it.each(Object.entries(NOT_TAKEN))('are used without %s', async (_, [pattern, planted]) => {
    expect(linesWith(planted, pattern)).toEqual([planted]);
    const found: string[] = [];
    for (const file of await filesOf('src/**/*.ts')) {
      if (file.endsWith('.spec.ts')) continue;
      for (const line of linesWith(await read(file), pattern))
        found.push(`${file}: ${line.trim()}`);
    }
    expect(found).toEqual([]);
  });

  it('lend connections in the unit of work and the migrations alone', async () => {
    const makers: string[] = [];
    for (const file of await filesOf('src/**/*.ts')) {
      if (/\bcreateQueryRunner\b/.test(await read(file))) makers.push(file);
    }
    expect(makers).toEqual(MAKE_RUNNERS);
  });

  it('match routes without optional groups, and with one wildcard at most, at the end', async () => {
    const routes: string[] = [];
    for (const file of await filesOf('src/**/*.controller.ts')) {
      const decorated = (await read(file)).matchAll(/@(?:Get|Post|Put|Patch|Delete)\('([^']*)'/g);
      routes.push(...[...decorated].map(([, route]) => route!));
    }
    expect(routes.length).toBeGreaterThan(20);
    expect(routes.filter((route) => !/^[\w:/-]*(?:\*\w+)?$/.test(route))).toEqual([]);
  });

  it('parse forms with every limit that multer and busboy have', async () => {
    const source = await read('src/storage/files/upload/form-receiver.ts');
    for (const limit of [
      'fieldNameSize',
      'fieldSize',
      'fields',
      'fileSize',
      'files',
      'parts',
      'headerPairs',
      'fieldNestingDepth: 0',
      'fieldArrayIndexLimit: 1,',
    ]) {
      expect(source).toMatch(new RegExp(`^ +${limit}\\b|^ +${limit}`, 'm'));
    }
    const users: string[] = [];
    for (const file of await filesOf('src/**/*.ts')) {
      if (/from 'multer'/.test(await read(file))) users.push(file);
    }
    expect(users).toEqual([
      'src/storage/files/upload/form-receiver.ts',
      'src/storage/files/upload/staging-engine.ts',
    ]);
  });

  it('come in one version where two would undo each other', async () => {
    const { packages } = await readJson<{ packages: Record<string, { version: string }> }>(
      'package-lock.json',
    );
    for (const name of ['multer', 'busboy', 'express', 'qs', 'path-to-regexp', 'typeorm', 'pg']) {
      const places = Object.keys(packages).filter((path) => path.endsWith(`node_modules/${name}`));
      expect(places).toEqual([`node_modules/${name}`]);
    }
  });
});

/**
 * What a statement is not made of: the direction, the columns, or anything else, as a request has it.
 * Constants may stand there, what binds a value, and `inOrder`, which chooses between two constants.
 */
const FROM_REQUEST: RegExp[] = [
  /\$\{(?:request|query|filter|dto|body|input|given|options|params)(?:\.|\[|\?)/,
  /\b(?:ORDER|GROUP) BY [^`]*\$\{(?![A-Z][\w.]*\}|bound\(|inOrder\})/,
  /\b(?:LIMIT|OFFSET) \$\{(?![A-Z][\w.]*\}|bound\(|inOrder\})/,
];

describe('The statements of repositories', () => {
  it.each([
    'SELECT a FROM b WHERE c = ${query.c}',
    "SELECT a FROM b WHERE c = '${filter?.c}'",
    'SELECT a FROM b ORDER BY ${sort}',
    'SELECT a FROM b ORDER BY a ${direction}, id',
    'SELECT a FROM b GROUP BY ${column}',
    'SELECT a FROM b LIMIT ${limit}',
  ])('would be refused as %s', (line) => {
    expect(FROM_REQUEST.some((pattern) => pattern.test(line))).toBe(true);
  });

  it('hold nothing of a request: values are bound, order and columns are constants', async () => {
    const found: string[] = [];
    for (const file of await filesOf('src/**/*.repository.ts')) {
      for (const pattern of FROM_REQUEST) {
        found.push(
          ...linesWith(await read(file), pattern).map((line) => `${file}: ${line.trim()}`),
        );
      }
    }
    expect(found).toEqual([]);
  });
});
