import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fixture, ROOT, runScript } from './repository.js';

interface Rule {
  name: string;
  comment: string;
  severity: string;
}

interface Violation {
  rule: { name: string };
  from: string;
  to: string;
}

const { forbidden: RULES } = createRequire(import.meta.url)(
  join(ROOT, '.dependency-cruiser.cjs'),
) as { forbidden: Rule[] };

const PACKAGES = ['@nestjs/swagger', 'typeorm', 'dev-tool'];

/** A small application that breaks no rule. */
const CLEAN = {
  'package.json': JSON.stringify({
    dependencies: { '@nestjs/swagger': '1', typeorm: '1' },
    devDependencies: { 'dev-tool': '1' },
  }),
  ...Object.fromEntries(
    PACKAGES.flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0' })],
      [`node_modules/${name}/index.js`, 'export const it = 1;'],
    ]),
  ),
  'ormconfig.ts': `import 'typeorm'; import './src/migrations/index.js';`,
  'src/main.ts': `import './run.js';`,
  'src/run.ts': `import './app.js'; await import('./core/database/embedded/index.js');`,
  'src/app.ts': `import './app.module.js';`,
  'src/app.module.ts': `import './core/core.module.js'; import './apples/index.js'; import './pears/index.js';`,
  'src/cli/write.ts': `import '../app.module.js';`,
  'src/migrations/index.ts': `import 'typeorm';`,
  'src/core/core.module.ts': `import './database/database.module.js';`,
  'src/core/database/database.module.ts': `import 'typeorm';`,
  'src/core/database/embedded/index.ts': `import './lock.js';`,
  'src/core/database/embedded/lock.ts': 'export const lock = 1;',
  'src/apples/index.ts': `import './apples.module.js';`,
  'src/apples/apples.module.ts': `import './apples.controller.js'; import './apples.repository.js';`,
  'src/apples/apples.controller.ts': `import './apples.service.js'; import '@nestjs/swagger';`,
  'src/apples/apples.service.ts': `import './apples.repository.js';`,
  'src/apples/apples.repository.ts': `import 'typeorm'; import './entities/apple.entity.js';`,
  'src/apples/entities/apple.entity.ts': `import 'typeorm';`,
  'src/apples/backends/backends.ts': `import './local/local.js'; import './remote/remote.js';`,
  'src/apples/backends/shared.ts': 'export const shared = 1;',
  'src/apples/backends/local/local.ts': `import '../shared.js';`,
  'src/apples/backends/remote/remote.ts': `import '../shared.js';`,
  'src/pears/index.ts': `import '../apples/index.js';`,
};

/** Rule → the file that breaks it, and what that file imports. */
const PLANTED: Record<string, [file: string, imported: string]> = {
  'core-knows-no-slice': ['src/core/planted.ts', '../apples/index.js'],
  'slices-know-no-application': ['src/apples/planted.ts', '../app.js'],
  'slice-public-face-only': ['src/pears/planted.ts', '../apples/apples.service.js'],
  'only-app-module-assembles': ['src/pears/assembling.ts', '../core/core.module.js'],
  'nothing-imports-the-entry': ['src/starting.ts', './run.js'],
  'controllers-know-no-persistence': [
    'src/apples/planted.controller.ts',
    './entities/apple.entity.js',
  ],
  'services-know-no-http': ['src/apples/planted.service.ts', '@nestjs/swagger'],
  'only-persistence-knows-typeorm': ['src/apples/querying.ts', 'typeorm'],
  'backends-stand-alone': ['src/apples/backends/local/planted.ts', '../remote/remote.js'],
  'embedded-postgres-on-demand': ['src/planted.ts', './core/database/embedded/index.js'],
  'embedded-postgres-public-face-only': [
    'src/reaching.ts',
    // Dynamic, as it has to be: only the file is the wrong one.
    'await import("./core/database/embedded/lock.js")',
  ],
  'installed-in-production': ['src/developing.ts', 'dev-tool'],
  'everything-resolves': ['src/lost.ts', './nowhere.js'],
};

const sourceOf = (imported: string): string =>
  imported.startsWith('await')
    ? `${imported};`
    : `import * as it from '${imported}'; export { it };`;

function violationsIn(folder: string): Violation[] {
  const { stdout, text } = runScript(
    folder,
    'dependency-cruiser/bin/dependency-cruiser.mjs',
    '--config=.dependency-cruiser.cjs',
    '--output-type=json',
    'src',
    'ormconfig.ts',
  );
  if (!stdout.startsWith('{')) throw new Error(text);
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

describe('The boundaries between the parts', () => {
  let fixture: Fixture;
  let clean: Violation[];
  let violations: Violation[];

  beforeAll(async () => {
    fixture = await Fixture.create(['.dependency-cruiser.cjs', 'tsconfig.json']);
    await fixture.write(CLEAN);
    clean = violationsIn(fixture.folder);
    await fixture.write(
      Object.fromEntries(
        Object.values(PLANTED).map(([file, imported]) => [file, sourceOf(imported)]),
      ),
    );
    violations = violationsIn(fixture.folder);
  });

  afterAll(() => fixture.remove());

  it('hold in the sources', () => {
    expect(violationsIn(ROOT)).toEqual([]);
  });

  it('hold in the application without planted violations', () => {
    expect(clean).toEqual([]);
  });

  it('have a planted violation each, and no plant is left from a rule of old', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(RULES.map(({ name }) => name).sort());
  });

  it.each(RULES)('$name reports its planted violation and no other', ({ name }) => {
    const reported = violations.filter(({ rule }) => rule.name === name);
    expect(reported.map(({ from }) => from)).toEqual([PLANTED[name]?.[0]]);
  });

  it('are broken once by each plant', () => {
    expect(violations.map(({ from }) => from).sort()).toEqual(
      Object.values(PLANTED)
        .map(([file]) => file)
        .sort(),
    );
  });

  it('say why they are there, and stop the check', () => {
    for (const { comment, severity } of RULES) {
      expect(comment.length).toBeGreaterThan(20);
      expect(severity).toBe('error');
    }
  });

  it('count an import of types alone', async () => {
    await fixture.write({
      'src/apples/typing.service.ts': `import type { it } from 'typeorm'; export type It = it;`,
    });
    const reported = violationsIn(fixture.folder).filter(({ from }) => from.includes('typing'));
    expect(reported.map(({ rule }) => rule.name)).toEqual(['only-persistence-knows-typeorm']);
  });
});
