import type { OpenAPIObject } from '@nestjs/swagger';

interface Schema {
  type?: string;
  format?: string;
  minimum?: number;
  default?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
}

interface Parameter {
  name?: string;
  required?: boolean;
  schema?: Schema;
}

/** What has a default may be left out; Nest takes every property without `?` for one that is needed. */
export function documentDefaults(document: OpenAPIObject): OpenAPIObject {
  const operations = Object.values(document.paths).flatMap(
    (path) => Object.values(path) as { parameters?: Parameter[] }[],
  );
  for (const parameter of operations.flatMap(({ parameters = [] }) => parameters)) {
    if (hasDefault(parameter.schema)) parameter.required = false;
  }
  for (const schema of Object.values(document.components?.schemas ?? {}) as Schema[]) {
    schema.required = schema.required?.filter((name) => !hasDefault(schema.properties?.[name]));
    if (schema.required?.length === 0) delete schema.required;
  }
  return document;
}

const hasDefault = (schema: Schema | undefined): boolean => schema?.default !== undefined;

/** Counted from 1; everything else that is whole here is counted from 0. */
const FROM_ONE = /^(?:id|.*Id|versionNumber|latestVersion)$/;

/** Nest takes every number for one with a fraction; here only those have one that say `double`. */
export function documentWholeNumbers(document: OpenAPIObject): OpenAPIObject {
  makeWhole(document, '');
  return document;
}

function makeWhole(node: unknown, name: string): void {
  if (typeof node !== 'object' || node === null) return;
  const schema = node as Schema;
  if (isWhole(schema)) {
    schema.type = 'integer';
    schema.minimum ??= FROM_ONE.test(name) ? 1 : 0;
    return;
  }
  for (const [key, value] of Object.entries(node)) {
    if (key === 'example' || key === 'examples') continue;
    makeWhole(value, key === 'schema' ? ((node as Parameter).name ?? name) : key);
  }
}

const isWhole = ({ type, format }: Schema): boolean =>
  type === 'integer' || (type === 'number' && format !== 'double');
