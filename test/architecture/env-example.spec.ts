import { describe, expect, it } from '@jest/globals';
import { envSchema } from '../../src/core/config/env.schema.js';
import { read, tableOf } from './repository.js';

interface Variable {
  name: string;
  /** As one writes it; empty without a default. */
  default: string;
  comment: string;
}

/** For tests only: not among what an operator sets. */
const INTERNAL = ['STRATUM_FAULT_POINT', 'STRATUM_FAULT_SWITCH'];

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The variables of the schema; their doc comments are in its source alone. */
async function schemaVariables(): Promise<Variable[]> {
  const source = await read('src/core/config/env.schema.ts');
  const comments = new Map(
    [...source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s+([A-Z][A-Z0-9_]+):/g)].map(
      ([, text, name]) => [name, oneLine(text!.replace(/^\s*\*/gm, ''))],
    ),
  );
  return Object.entries(envSchema.shape).map(([name, type]) => ({
    name,
    default: String(type.parse(undefined) ?? ''),
    comment: comments.get(name) ?? '(no comment)',
  }));
}

/** `# comment` lines, then `#NAME=value`: everything is optional, so everything is commented out. */
function exampleVariables(text: string): Variable[] {
  return [...text.matchAll(/((?:^# .*\n)+)#([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
    ([, comment, name, value]) => ({
      name: name!,
      default: value!,
      comment: oneLine(comment!.replace(/^# /gm, '')),
    }),
  );
}

describe('.env.example', () => {
  it('lists the variables of the schema in its order, with its comments and defaults', async () => {
    expect(exampleVariables(await read('.env.example'))).toEqual(await schemaVariables());
  });

  it('sets nothing when it is copied as it is', async () => {
    const set = (await read('.env.example')).split('\n').filter((line) => /^[^#]/.test(line));
    expect(set).toEqual([]);
  });

  it('has a comment for each', async () => {
    for (const { name, comment } of await schemaVariables()) {
      expect(`${name}: ${comment}`).not.toContain('(no comment)');
    }
  });
});

describe('The table | Variable | Default | Meaning | of README.md', () => {
  it('has a row for each variable an operator sets, in the order of the schema', async () => {
    const rows = tableOf(await read('README.md'), ['Variable', 'Default', 'Meaning']);
    const variables = (await schemaVariables()).filter(({ name }) => !INTERNAL.includes(name));
    expect(rows.map(([name, value]) => ({ name, default: value }))).toEqual(
      variables.map((variable) => ({ name: variable.name, default: variable.default })),
    );
  });

  it('says what each means', async () => {
    for (const [, , meaning] of tableOf(await read('README.md'), ['Variable'])) {
      expect(meaning?.length).toBeGreaterThan(10);
    }
  });
});
