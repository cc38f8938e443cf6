import type { Document, Schema } from './documented-api.js';
import { IS_FULL } from './tables.js';

/** A body as text, since JSON.stringify can't write all of them. */
export interface BadBody {
  kind: string;
  /** Where, as a JSON pointer. */
  at: string;
  text: string;
  /** Whether the route may take it after all, and why. */
  mayBeTaken?: string;
}

/** What JSON.stringify would not write: a key that is no plain property, a key twice, a huge number. */
class Raw {
  constructor(readonly text: string) {}
}

/** JSON with raw parts. */
function write(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${write(item)}`,
  );
  return `{${members.join()}}`;
}

/** The object with one member more, whatever its name. */
const withMember = (value: object, key: string, member: string): Raw => {
  const text = write(value);
  const comma = text === '{}' ? '' : ',';
  return new Raw(`${text.slice(0, -1)}${comma}${JSON.stringify(key)}:${member}}`);
};

const HOSTILE_KEYS: Record<string, string> = {
  ['__proto__']: '{"polluted":true}',
  constructor: '{"prototype":{"polluted":true}}',
  prototype: '{"polluted":true}',
  'an unknown field': '1',
};

/** Deep and large enough to exhaust a stack or a minute, and in the long form more than a body may have. */
const DEEP = IS_FULL ? 100_000 : 10_000;
const LARGE = IS_FULL ? 900_000 : 100_000;

/** For a property: what is of another type than the one it has. */
function wrongTypes({ type, oneOf }: Schema): unknown[] {
  if (oneOf) return [true, { a: 1 }, 1.5];
  switch (type) {
    case 'string':
      return [7, true];
    case 'number':
      return ['seven', true];
    case 'integer':
      return ['seven', true, 1.5];
    case 'boolean':
      return ['true', 1];
    case 'array':
      return ['one', 7, { 0: 'one' }];
    default:
      return ['text', 7];
  }
}

/**
 * Ten kinds of bad bodies for a body of this schema: hostile and unknown keys at the top, and each of
 * its properties of a wrong type, an array for a scalar, nested, null, huge, and twice.
 */
export function badBodies(
  { resolve }: Document,
  schema: Schema,
  good: Record<string, unknown>,
): BadBody[] {
  const atTop = Object.entries(HOSTILE_KEYS).map(([key, member]) => ({
    kind: key,
    at: '',
    text: write(withMember(good, key, member)),
  }));
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    ofProperty(name, resolve(property), good),
  );
  return [...atTop, ...properties, ...ofWhole(good)];
}

function ofProperty(name: string, schema: Schema, good: Record<string, unknown>): BadBody[] {
  const at = `/${name}`;
  const isArray = schema.type === 'array';
  const put = (kind: string, value: unknown, mayBeTaken?: string): BadBody => ({
    kind,
    at,
    text: write({ ...good, [name]: value }),
    ...(mayBeTaken && { mayBeTaken }),
  });
  const member = schema.type === 'object' || isArray ? [] : [put('array for scalar', ['x'])];
  return [
    ...wrongTypes(schema).map((value) => put('wrong type', value)),
    ...member,
    put('nested', new Raw(`${'['.repeat(DEEP)}${']'.repeat(DEEP)}`)),
    put('null', null, 'null stands for a property that is left out, where it may be'),
    put('huge', new Raw('1e999')),
    put('huge', isArray ? new Raw(`[${'"x",'.repeat(LARGE / 5)}"x"]`) : 'x'.repeat(LARGE)),
    put('wrong type inside', isArray ? [{ polluted: true }, 7, null] : { polluted: [] }, IN_FREE),
    {
      kind: 'duplicate',
      at,
      // The last one counts, as RFC 8259 section 4 leaves it to the parser: it is a bad one here.
      text: write(withMember(good, name, write(wrongTypes(schema)[0]))),
    },
    ...hostileInside(name, schema, good),
  ];
}

const IN_FREE = 'an object of any members is what it takes';

/** Hostile keys deeper down: of an object that takes any, and of one in a list. */
function hostileInside(name: string, schema: Schema, good: Record<string, unknown>): BadBody[] {
  if (schema.type !== 'object' && schema.type !== 'array') return [];
  return ['__proto__', 'constructor', 'prototype'].map((key) => {
    const inner = withMember({ a: 1 }, key, HOSTILE_KEYS[key]!);
    const value = schema.type === 'array' ? [inner] : inner;
    return { kind: key, at: `/${name}`, text: write({ ...good, [name]: value }) };
  });
}

const ofWhole = (good: Record<string, unknown>): BadBody[] =>
  [
    ['array for scalar', write([good])],
    ['null', 'null'],
    ['wrong type', '"text"'],
    ['wrong type', '7'],
    ['nested', `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`],
    ['nested', `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`],
    ['huge', `{"a":"${'x'.repeat(IS_FULL ? 17 * 1024 * 1024 : LARGE)}"}`],
  ].map(([kind, text]) => ({ kind: kind as string, at: '', text: text as string }));
