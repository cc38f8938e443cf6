import { randomUUID } from 'node:crypto';
import type { Api } from '../api.js';
import { datasetsApi, put } from '../datasets.js';
import { sha256 } from '../digests.js';
import {
  JSON_TYPE,
  pathWith,
  type Document,
  type Operation,
  type Parameter,
  type Schema,
} from './documented-api.js';

/** Things that are there, so that a request with one bad value is good but for it. */
export interface World {
  datasetId: string;
  fileId: number;
  /** What a parameter of a path or a query is when it is not the bad one. */
  valueOf(operation: Operation, parameter: Parameter): string;
  /** The smallest JSON that a body of this schema may be, as far as the document tells. */
  bodyOf(schema: Schema): Record<string, unknown>;
  /** A value for a property of this name. */
  sample(schema: Schema, name: string): unknown;
}

const CONTENT = 'a,b\n1,2\n';

export async function createWorld(api: Api, document: Document): Promise<World> {
  const datasets = datasetsApi(api);
  const fileId = await datasets.upload(CONTENT, 'a.csv');
  const { id: datasetId } = await datasets.create({
    name: 'World',
    slug: 'world',
    description: 'what all requests are about',
    tags: ['climate'],
    files: [{ path: 'data/a.csv', fileId }],
  });
  await datasets.json('PUT', `/v1/datasets/${datasetId}/refs/side`, { version: 1 }, NEW);
  await datasets.commit(datasetId, [put('data/b.csv', fileId)], { branch: 'side' });
  const known: Record<string, unknown> = {
    fileId,
    digests: [`sha256:${sha256(CONTENT)}`],
    ids: [datasetId],
    datasetIds: [datasetId],
    source: 'side',
    version: 1,
    changes: [put(`data/${randomUUID()}.csv`, fileId)],
  };

  const { sample, bodyOf } = samples(document, known);
  const values: Record<string, string> = {
    ref: 'latest',
    path: 'data/a.csv',
    name: 'side',
    tag: 'climate',
    base: '1',
    head: 'latest',
  };
  const valueOf = (operation: Operation, { name, schema = {} }: Parameter): string => {
    if (name === 'id') return idOf(operation);
    return values[name] ?? String(sample(schema, name));
  };
  /** Of something that is there, unless the request would take it away, or the world knows of none. */
  const idOf = ({ method, path }: Operation): string => {
    const isFile = path.startsWith('/v1/files/');
    if (method !== 'DELETE' && isFile) return String(fileId);
    if (method !== 'DELETE' && path.startsWith('/v1/datasets/')) return datasetId;
    return isFile ? '2147483647' : randomUUID();
  };
  return { datasetId, fileId, valueOf, bodyOf, sample };
}

/** Values as the document describes them, but for names that are known to mean something that is there. */
function samples(
  { resolve }: Document,
  known: Record<string, unknown>,
): Pick<World, 'bodyOf' | 'sample'> {
  let names = 0;
  const sample = (given: Schema, name: string): unknown => {
    const schema = resolve(given);
    // One for each: two would be merged, or refused.
    if (name === 'name') return `Sample ${(names += 1)}`;
    if (name in known) return known[name];
    return schema.default ?? schema.enum?.[0] ?? schema.example ?? byType(schema);
  };
  const byType = (schema: Schema): unknown => {
    const [variant] = schema.oneOf ?? schema.allOf ?? [];
    if (variant) return byType(resolve(variant));
    switch (schema.type) {
      case 'object':
        return bodyOf(schema);
      case 'array':
        return [];
      case 'boolean':
        return true;
      case 'integer':
      case 'number':
        return schema.minimum ?? 1;
      default:
        return schema.format === 'uuid' ? randomUUID() : 'sample';
    }
  };
  const bodyOf = (schema: Schema): Record<string, unknown> =>
    Object.fromEntries(
      (schema.required ?? []).map((name) => [name, sample(schema.properties?.[name] ?? {}, name)]),
    );

  return { bodyOf, sample };
}

const NEW = { 'If-None-Match': '*' };

export interface Sent {
  method: string;
  path: string;
  init: RequestInit;
}

/** A request that is good but for the values given by the name of their parameter, or for its body. */
export function requestOf(
  world: World,
  document: Document,
  operation: Operation,
  bad: { parameters?: Record<string, string>; body?: string } = {},
): Sent {
  const given = bad.parameters ?? {};
  const inPath = operation.parameters.filter((one) => one.in === 'path');
  const inQuery = operation.parameters.filter(
    (one) => one.in === 'query' && (one.required || one.name in given),
  );
  const valueOf = (parameter: Parameter): string =>
    encodeURIComponent(given[parameter.name] ?? world.valueOf(operation, parameter)).replaceAll(
      // Segments of a path stay apart.
      /%2F/g,
      parameter.name === 'path' && !(parameter.name in given) ? '/' : '%2F',
    );
  const query = inQuery.map((one) => `${encodeURIComponent(one.name)}=${valueOf(one)}`).join('&');
  const path = pathWith(
    operation,
    Object.fromEntries(inPath.map((one) => [one.name, valueOf(one)])),
  );
  const json = operation.bodies[JSON_TYPE];
  const isRaw = !json && 'application/octet-stream' in operation.bodies;
  const body = json
    ? (bad.body ?? JSON.stringify(world.bodyOf(document.resolve(json))))
    : isRaw
      ? CONTENT
      : undefined;
  return {
    method: operation.method,
    path: query ? `${path}?${query}` : path,
    init: {
      method: operation.method,
      ...(body !== undefined && {
        body,
        headers: { 'Content-Type': json ? JSON_TYPE : 'application/octet-stream' },
      }),
    },
  };
}
