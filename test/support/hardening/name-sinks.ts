import type { Api } from '../api.js';
import { multipart } from '../multipart.js';
import { rawExchange, requestHead, type RawAnswer } from '../raw-http.js';
import {
  JSON_TYPE,
  pathWith,
  withJsonBody,
  type Document,
  type Operation,
  type Schema,
} from './documented-api.js';
import { requestOf, type World } from './world.js';

/** A place where a request can hold a name. */
export interface Sink {
  place: string;
  send: (name: string) => Promise<RawAnswer | null>;
}

/** Headers by which servers and proxies are told other paths, names and methods. */
const HEADERS = [
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Forwarded-Prefix',
  'X-Forwarded-Host',
  'X-HTTP-Method-Override',
  'X-Accel-Redirect',
  'X-Sendfile',
  'X-Request-Id',
  'Content-Disposition',
  'Content-Location',
  'Destination',
  'Slug',
  'Referer',
  'Cookie',
  'Accept-Language',
  'Range',
];

/** Every place: those that the document names, and those that forms, commits and headers have. */
export function nameSinks(api: Api, document: Document, world: World): Sink[] {
  return [
    ...document.operations.flatMap((operation) => sinksOf(api, world, operation)),
    ...HEADERS.map((header) => headerSink(api, world, header)),
    ...formSinks(api),
    ...bodySinks(api, world),
    ...fieldSinks(api, document, world),
  ];
}

/** What a request line or a header can hold at all: the rest is said in percent. */
const inLine = (name: string): string =>
  name.toWellFormed().replaceAll(/[\0-\x20\x7f-\u{10ffff}?#]/gu, encodeURIComponent);

function sinksOf(api: Api, world: World, operation: Operation): Sink[] {
  const values = Object.fromEntries(
    operation.parameters.map((one) => [one.name, inLine(world.valueOf(operation, one))]),
  );
  const exchange = (target: string, headers: Record<string, string> = {}) =>
    rawExchange(
      api,
      requestHead(api, `${operation.method} ${target}`, {
        Connection: 'close',
        'Content-Length': '0',
        ...headers,
      }),
    );
  return operation.parameters.map((parameter) => ({
    place: `${operation.method} ${operation.path} ${parameter.in} ${parameter.name}`,
    send: async (name) => {
      if (parameter.in === 'path') {
        return await exchange(pathWith(operation, { ...values, [parameter.name]: inLine(name) }));
      }
      const path = pathWith(operation, values);
      return parameter.in === 'query'
        ? await exchange(`${path}?${parameter.name}=${inLine(name).replaceAll('&', '%26')}`)
        : await exchange(path, { [parameter.name]: inLine(name) });
    },
  }));
}

const headerSink = (api: Api, world: World, header: string): Sink => ({
  place: `header ${header}`,
  send: (name) =>
    rawExchange(
      api,
      requestHead(api, `GET /v1/files/${world.fileId}/content`, {
        Connection: 'close',
        [header]: inLine(name),
      }),
    ),
});

const post = (
  api: Api,
  path: string,
  type: string,
  body: Buffer,
  method = 'POST',
): Promise<RawAnswer | null> =>
  rawExchange(
    api,
    Buffer.concat([
      Buffer.from(
        requestHead(api, `${method} ${path}`, {
          Connection: 'close',
          'Content-Type': type,
          'Content-Length': body.length,
        }),
      ),
      body,
    ]),
  );

/** File names of the parts of forms, with the bytes as they are. */
const formSinks = (api: Api): Sink[] =>
  [
    ['/v1/files', 'file'],
    ['/v1/files/batch', 'file'],
    ['/v1/datasets', 'files'],
  ].map(([path, part]) => ({
    place: `file name in a form of ${path}`,
    send: (fileName) => {
      const { body, type } = multipart(
        [
          { name: 'name', content: 'of a form' },
          { name: part!, fileName: fileName.toWellFormed(), content: fileName.toWellFormed() },
        ].slice(path === '/v1/datasets' ? 0 : 1),
      );
      return post(api, path!, type, body);
    },
  }));

/** Paths and names in JSON. */
const bodySinks = (api: Api, { datasetId, fileId }: World): Sink[] => {
  const dataset = `/v1/datasets/${datasetId}`;
  const json = (
    place: string,
    method: string,
    path: string,
    body: (name: string) => object,
  ): Sink => ({
    place: `JSON ${place}`,
    send: (name) => post(api, path, JSON_TYPE, Buffer.from(JSON.stringify(body(name))), method),
  });
  const commit = (name: string, changes: (name: string) => object[]): Sink =>
    json(name, 'POST', `${dataset}/versions`, (value) => ({
      message: 'a commit',
      changes: changes(value),
    }));
  return [
    commit('path of a commit', (path) => [{ op: 'put', path, fileId }]),
    commit('from of a move', (from) => [{ op: 'move', from, path: 'moved.csv' }]),
    commit('target of a move', (path) => [{ op: 'move', from: 'data/a.csv', path }]),
    commit('path of a deletion', (path) => [{ op: 'delete', path }]),
    commit('file name of a commit', (fileName) => [{ op: 'put', path: 'b.csv', fileId, fileName }]),
    json('slug of a dataset', 'POST', '/v1/datasets', (slug) => ({ name: 'a', slug })),
    json('name of a dataset', 'POST', '/v1/datasets', (name) => ({ name })),
    json('branch of a commit', 'POST', `${dataset}/versions`, (branch) => ({
      message: 'a',
      branch,
      changes: [{ op: 'put', path: 'c.csv', fileId }],
    })),
    json('source of a merge', 'POST', `${dataset}/merge`, (source) => ({ source })),
    json('tags of a dataset', 'PATCH', dataset, (tag) => ({ tags: [tag] })),
    json('version of a ref', 'PUT', `${dataset}/refs/other`, (version) => ({ version })),
    json('ids of a batch', 'POST', '/v1/datasets/batch-get', (id) => ({ ids: [id] })),
  ];
};

/** Every field of every JSON body that can hold text. */
const fieldSinks = (api: Api, document: Document, world: World): Sink[] =>
  withJsonBody(document).flatMap(({ operation, schema }) =>
    Object.entries(schema.properties ?? {}).flatMap(([field, property]) => {
      const valueOf = textIn(document.resolve(property));
      if (!valueOf) return [];
      return {
        place: `${operation.method} ${operation.path} field ${field}`,
        send: async (name) => {
          const body = JSON.stringify({ ...world.bodyOf(schema), [field]: valueOf(name) });
          const { method, path } = requestOf(world, document, operation, { body });
          return await post(api, path, JSON_TYPE, Buffer.from(body), method);
        },
      };
    }),
  );

/** How a field of this schema holds a text, if it can. */
function textIn({ type, oneOf }: Schema): ((text: string) => unknown) | null {
  if (type === 'string' || oneOf?.some((one) => one.type === 'string')) return (text) => text;
  if (type === 'array') return (text) => [text];
  if (type === 'object') return (text) => ({ url: text });
  return null;
}
