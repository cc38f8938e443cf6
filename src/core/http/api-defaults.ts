import type { OpenAPIObject } from '@nestjs/swagger';

interface Schema {
  default?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
}

interface Parameter {
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
