import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const DIST = join(import.meta.dirname, '../../../dist');

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  example?: unknown;
  default?: unknown;
  enum?: unknown[];
  items?: Schema;
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  nullable?: boolean;
  minimum?: number;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema?: Schema;
}

/** A route as the document tells it: tables are made of these, so that a new route is in them. */
export interface Operation {
  method: string;
  /** With `{name}` for each parameter. */
  path: string;
  parameters: Parameter[];
  /** By media type. */
  bodies: Record<string, Schema>;
}

interface DocumentedBody {
  schema: Schema;
  examples?: Record<string, { value: unknown }>;
}

export interface DocumentedOperation {
  security?: object[];
  'x-permission': string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, DocumentedBody> };
  responses: Record<string, { description: string; headers?: Record<string, object> }>;
}

export interface Document {
  operations: Operation[];
  /** What a reference stands for. */
  resolve: (schema: Schema) => Schema;
}

/** Of the build: what Jest has compiled by itself lacks what the plugin reads of the DTOs. */
export async function readDocument(): Promise<Document> {
  const { paths, components } = await generated();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      bodies: Object.fromEntries(
        Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => [type, schema]),
      ),
    })),
  );
  const resolve = (schema: Schema): Schema =>
    schema.$ref ? resolve(components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema;
  return { operations, resolve };
}

export interface Generated {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, Schema>; headers: Record<string, object> };
}

/** Once for each build: it takes seconds, and several specs need it. */
export async function generated(): Promise<Generated> {
  const digest = (await readFile(join(DIST, '.sources.sha256'), 'utf8')).trim();
  const kept = join(tmpdir(), `stratum-openapi-${digest}.json`);
  const known = await readFile(kept, 'utf8').catch(() => null);
  if (known !== null) return JSON.parse(known) as Generated;
  const folder = await mkdtemp(join(tmpdir(), 'stratum-openapi-'));
  try {
    const script = join(DIST, 'src/cli/write-openapi.js');
    await promisify(execFile)(process.execPath, [script], { cwd: folder });
    // At once and whole: other specs may be reading it.
    await rename(join(folder, 'openapi.json'), kept);
  } finally {
    await rm(folder, { recursive: true });
  }
  return JSON.parse(await readFile(kept, 'utf8')) as Generated;
}

/** `GET /v1/files/{id}` with these values, as they are, in place of the parameters of its path. */
export function pathWith({ path }: Operation, values: Record<string, string>): string {
  return path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

export const nameOf = ({ method, path }: Operation, parameter?: Parameter): string =>
  `${method} ${path}${parameter ? ` ${parameter.in} ${parameter.name}` : ''}`;

export const JSON_TYPE = 'application/json';

/** Operations that take JSON, each with the schema of its body. */
export const withJsonBody = ({ operations, resolve }: Document) =>
  operations.flatMap((operation) => {
    const schema = operation.bodies[JSON_TYPE];
    return schema ? [{ operation, schema: resolve(schema) }] : [];
  });

/** What Swagger UI fills a form of this body in with: the first example, else one made of the schema's. */
export function prefilled(
  { resolve }: Pick<Document, 'resolve'>,
  { schema, examples }: DocumentedBody,
): unknown {
  const [first] = Object.values(examples ?? {});
  return first ? first.value : sampleOf(resolve, schema);
}

function sampleOf(resolve: Document['resolve'], given: Schema): unknown {
  const schema = resolve(given);
  const told = [schema.example, schema.default, schema.enum?.[0]].find((one) => one !== undefined);
  if (told !== undefined) return told;
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part) => sampleOf(resolve, part)));
  }
  const [variant] = schema.oneOf ?? [];
  return variant ? sampleOf(resolve, variant) : sampleByType(resolve, schema);
}

function sampleByType(resolve: Document['resolve'], schema: Schema): unknown {
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => [
          name,
          sampleOf(resolve, property),
        ]),
      );
    case 'array':
      return [sampleOf(resolve, schema.items ?? {})];
    case 'integer':
      return schema.minimum ?? 0;
    case 'boolean':
      return true;
    default:
      return schema.format ?? 'string';
  }
}
