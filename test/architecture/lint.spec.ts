import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fixture, readJson, runScript } from './repository.js';

const lines = (count: number): string =>
  'export const line = () => 1;\n'.replace('line', 'first') + '// a line\n'.repeat(count - 1);

/** Rule → a file that breaks it. */
const PLANTED: Record<string, [file: string, source: string]> = {
  'typescript/no-floating-promises': [
    'src/floating.ts',
    'export const later = async () => 1;\nexport const go = () => {\n  later();\n};\n',
  ],
  'typescript/no-misused-promises': [
    'src/misused.ts',
    'export const go = () => [1].forEach(async () => { await Promise.resolve(); });\n',
  ],
  'typescript/switch-exhaustiveness-check': [
    'src/switch.ts',
    `export function of(x: 'a' | 'b') {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n`,
  ],
  'typescript/no-explicit-any': ['src/any.ts', 'export const x: any = 1;\n'],
  'no-unused-vars': ['src/unused.ts', 'const unused = 1;\nexport {};\n'],
  'import/no-cycle': [
    'src/cycle.ts',
    `import { two } from './cycle-two.js';\nexport const one = () => two;\n`,
  ],
  'max-lines': ['src/long-file.ts', lines(301)],
  'max-lines-per-function': [
    'src/long-function.ts',
    `export function long(x: number) {\n${'  x += 1;\n'.repeat(60)}  return x;\n}\n`,
  ],
  'max-params': [
    'src/params.ts',
    'export const f = (a: 1, b: 1, c: 1, d: 1, e: 1, g: 1, h: 1) => [a, b, c, d, e, g, h];\n',
  ],
  complexity: [
    'src/complex.ts',
    `export const f = (x: number) => ${Array.from({ length: 12 }, (_, n) => `x === ${n} ? ${n} : `).join('')}x;\n`,
  ],
  'node/no-process-env': ['src/environment.ts', `export const x = process.env['X'];\n`],
};

interface Diagnostic {
  code: string;
  filename: string;
}

/** `eslint(max-lines)` → `max-lines`, `typescript-eslint(no-explicit-any)` → that, without plugin. */
const ruleOf = ({ code }: Diagnostic): string => /\((.*)\)/.exec(code)?.[1] ?? code;

describe('The lint rules', () => {
  let fixture: Fixture;
  let diagnostics: Diagnostic[];

  beforeAll(async () => {
    fixture = await Fixture.create(['.oxlintrc.json', 'tsconfig.json', 'package.json']);
    await fixture.linkPackages();
    await fixture.write({
      ...Object.fromEntries(Object.values(PLANTED)),
      'src/cycle-two.ts': `import { one } from './cycle.js';\nexport const two = () => one;\n`,
    });
    const { stdout } = runScript(
      fixture.folder,
      'oxlint/bin/oxlint',
      '--type-aware',
      '--disable-nested-config',
      '--format=json',
      'src',
    );
    ({ diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] });
  });

  afterAll(() => fixture.remove());

  it('that are named in the configuration have a planted violation each', async () => {
    const { rules } = await readJson<{ rules: Record<string, unknown> }>('.oxlintrc.json');
    expect(Object.keys(PLANTED).sort()).toEqual(Object.keys(rules).sort());
  });

  it.each(Object.entries(PLANTED))('%s reports its planted violation', (rule, [file]) => {
    const reported = diagnostics.filter(({ filename }) => filename.endsWith(file));
    expect(reported.map(ruleOf)).toEqual([rule.split('/').at(-1)]);
  });
});
