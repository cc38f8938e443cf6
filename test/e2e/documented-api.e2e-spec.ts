import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { AUDITED_CALLS, type Changed } from '../support/audited-calls.js';
import { AUDITED_ELSEWHERE } from '../support/unaudited-calls.js';
import { datasetsApi } from '../support/datasets.js';
import {
  generated,
  JSON_TYPE,
  prefilled,
  readDocument,
  type DocumentedOperation,
  type Generated,
  type Document,
} from '../support/hardening/documented-api.js';
import { expectProblem } from '../support/problems.js';
import { addUser, type TestUser } from '../support/users.js';

let app: TestApp;
let document: Generated;
let resolve: Document['resolve'];
let owner: TestUser;
let other: TestUser;
beforeAll(async () => {
  app = await startTestApp();
  // The first of a new installation, which examples name.
  await app.upload('date,wind\n2012-01-01,4.5\n');
  document = await generated();
  ({ resolve } = await readDocument());
  owner = await addUser(app, 'owner');
  other = await addUser(app, 'other');
});
afterAll(() => app.stop());

const operationsOf = ({ paths }: Generated): [string, DocumentedOperation][] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  ) as [string, DocumentedOperation][];

const operation = (name: string): DocumentedOperation => {
  const [method = '', path = ''] = name.split(' ');
  return document.paths[path]?.[method.toLowerCase()] as DocumentedOperation;
};

const headersOf = (name: string, status: number): string[] =>
  Object.keys(operation(name).responses[status]?.headers ?? {}).map((header) =>
    header.toLowerCase(),
  );

/** Headers that say something which a client acts on. An ETag that Express makes is weak. */
const SAID = ['location', 'repr-digest', 'ratelimit', 'ratelimit-policy', 'retry-after'];

const TUS = /^(upload|tus|stratum)-/;

function expectDocumented(name: string, answer: Response): void {
  const documented = headersOf(name, answer.status);
  expect(documented.length).toBeGreaterThan(0);
  // Those of tus depend on what the upload is.
  const always = documented.filter((header) => !TUS.test(header));
  expect(always.filter((header) => !answer.headers.has(header))).toEqual([]);
  const said = SAID.filter((header) => answer.headers.has(header));
  if (answer.headers.get('etag')?.startsWith('"')) said.push('etag');
  expect(said.filter((header) => !documented.includes(header))).toEqual([]);
}

async function make(api: Api): Promise<Changed> {
  const datasets = datasetsApi(api);
  const fileId = await datasets.upload(`content ${randomUUID()}`);
  const files = [{ path: 'a.csv', fileId }];
  const { id: datasetId } = await datasets.create({ name: 'Documented', tags: ['given'], files });
  return { datasetId, fileId, ownerId: owner.id, otherId: other.id };
}

describe('The headers of answers', () => {
  it.each(Object.entries(AUDITED_CALLS))('%s has those that are documented', async (name, call) => {
    const changed = await make(owner);
    const caller = call.byAdmin ? app : owner;
    const made = (await call.before?.(caller, changed)) ?? '';
    const body = call.body?.(changed);
    const isForm = body instanceof FormData;
    const answer = await caller.fetch(call.path(changed, made), {
      method: name.split(' ')[0],
      headers: {
        'Idempotency-Key': randomUUID(),
        ...(body && !isForm && { 'Content-Type': JSON_TYPE }),
        ...call.headers,
      },
      body: isForm ? body : body && JSON.stringify(body),
    });
    await answer.text();
    expectDocumented(name, answer);
  });

  it('of reads and refusals are those that are documented', async () => {
    const { datasetId: id, fileId } = await make(owner);
    for (const [name, path] of [
      ['GET /v1/datasets/{id}', `/v1/datasets/${id}`],
      ['GET /v1/datasets', '/v1/datasets'],
      ['GET /v1/datasets/{id}/refs/{name}', `/v1/datasets/${id}/refs/main`],
      ['GET /v1/datasets/{id}/versions/{ref}/overlay', `/v1/datasets/${id}/versions/1/overlay`],
      ['GET /v1/datasets/{id}/versions/{ref}/archive', `/v1/datasets/${id}/versions/1/archive`],
      [
        'GET /v1/datasets/{id}/versions/{ref}/content/{path}',
        `/v1/datasets/${id}/versions/1/content/a.csv`,
      ],
      ['GET /v1/files/{id}/content', `/v1/files/${fileId}/content`],
      ['GET /v1/files/{id}', `/v1/files/${fileId}`],
      ['GET /v1/files/{id}', '/v1/files/2147483647'],
      ['GET /v1/users/{id}', '/v1/users/owner'],
      ['GET /v1/me', '/v1/me'],
    ] as const) {
      const answer = await owner.fetch(path);
      await answer.arrayBuffer();
      expectDocumented(name, answer);
    }
    const headers = { Authorization: 'Bearer nobody' };
    const refused = await app.fetch('/v1/me', { headers });
    expectDocumented('GET /v1/me', refused);
    await expectProblem(refused, 401, 'unauthenticated');
  });

  it('of 429 and 503 say when to come back', async () => {
    const limited = await startTestApp({ RATE_LIMIT_PER_KEY: '1' });
    try {
      let answer = await limited.fetch('/v1/me');
      for (let n = 0; answer.status !== 429 && n < 3; n += 1)
        answer = await limited.fetch('/v1/me');
      expectDocumented('GET /v1/me', answer);
      expect(headersOf('GET /v1/me', 429)).toContain('retry-after');
      await expectProblem(answer, 429, 'rate-limited');
    } finally {
      await limited.stop();
    }
    const silent = operationsOf(document).filter(
      ([name, { responses, security }]) =>
        name.includes('/v1/') &&
        security?.some((scheme) => 'bearer' in scheme) &&
        ['429', '503'].some((status) => !('Retry-After' in (responses[status]?.headers ?? {}))),
    );
    expect(silent).toEqual([]);
  });
});

describe('The failures of an operation', () => {
  it('that changes something are those of a transaction too, and of one that reads are not', () => {
    const told = operationsOf(document)
      .filter(([, { responses }]) =>
        ['transaction-conflict', 'outcome-unknown'].every((code) =>
          responses['503']?.description.includes(`\`${code}\``),
        ),
      )
      .map(([name]) => name);
    expect(told.sort()).toEqual([...Object.keys(AUDITED_CALLS), ...AUDITED_ELSEWHERE].sort());
  });

  it('are told once each, with an example', () => {
    const faults = operationsOf(document).flatMap(([name, { responses }]) =>
      Object.entries(responses).flatMap(([status, response]) => {
        const { description, content } = response as typeof response & {
          content?: Record<string, { examples?: object }>;
        };
        const problem = content?.['application/problem+json'];
        const codes = [...description.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code);
        const isFaulty = problem && Object.keys(problem.examples ?? {}).join() !== codes.join();
        return isFaulty ? [`${name} ${status}: ${description}`] : [];
      }),
    );
    expect(faults).toEqual([]);
    expect(operation('PATCH /v1/datasets/{id}').responses['507']?.description).toBe(
      '`quota-exceeded`',
    );
    expect(operation('PATCH /v1/datasets/{id}').responses['404']?.description).toContain(
      '`user-not-found`',
    );
  });
});

describe('The numbers of the document', () => {
  it('are whole and have a least, unless they say that they are not', () => {
    const faults: string[] = [];
    const look = (node: unknown, at: string): void => {
      if (typeof node !== 'object' || node === null || at.endsWith('/example')) return;
      const { type, format, minimum } = node as Record<string, unknown>;
      if (type === 'number' && format !== 'double') faults.push(at);
      if (type === 'integer' && minimum === undefined) faults.push(at);
      for (const [key, value] of Object.entries(node)) look(value, `${at}/${key}`);
    };
    look(document, '');
    expect(faults).toEqual([]);
    const { FoundDatasetDto, FileDto } = document.components.schemas;
    expect(FoundDatasetDto?.properties?.['score']).toMatchObject({ type: 'number' });
    expect(FileDto?.properties).toMatchObject({
      id: { type: 'integer', minimum: 1 },
      size: { type: 'integer', minimum: 0 },
    });
  });

  it('and moments have a format', () => {
    const { parameters } = operation('GET /v1/audit');
    for (const name of ['from', 'to']) {
      expect(parameters?.find((parameter) => parameter.name === name)?.schema).toMatchObject({
        type: 'string',
        format: 'date-time',
      });
    }
  });
});

describe('What Swagger UI fills in', () => {
  const bodyOf = (name: string, type = JSON_TYPE): unknown => {
    const body = operation(name).requestBody?.content[type];
    return body && prefilled({ resolve }, body);
  };
  const execute = async (name: string, path = name.split(' ')[1] as string) =>
    await datasetsApi(app).json('POST', path, bodyOf(name));

  it('is carried out, one request after the other', async () => {
    const form = new FormData();
    for (const [field, text] of Object.entries(
      bodyOf('POST /v1/files', 'multipart/form-data') as Record<string, string>,
    )) {
      if (field === 'file') form.append('file', new Blob(['date,wind\n']), 'weather.csv');
      else form.append(field, text);
    }
    const uploaded = await app.fetch('/v1/files', { method: 'POST', body: form });
    expect(uploaded.status).toBe(201);
    for (const [name, path, status] of [
      ['POST /v1/users', '/v1/users', 201],
      ['POST /v1/groups', '/v1/groups', 201],
      ['POST /v1/api-keys', '/v1/api-keys', 201],
      ['POST /v1/datasets', '/v1/datasets', 201],
      ['POST /v1/datasets', '/v1/datasets', 201],
      ['POST /v1/datasets/{id}/versions', '/v1/datasets/seattle-weather/versions', 201],
      ['POST /v1/datasets/{id}/grants', '/v1/datasets/seattle-weather/grants', 201],
      ['POST /v1/datasets/batch-get', '/v1/datasets/batch-get', 200],
      ['POST /v1/datasets/batch-tag', '/v1/datasets/batch-tag', 200],
      ['POST /v1/files/preflight', '/v1/files/preflight', 200],
    ] as const) {
      const answer = await execute(name, path);
      expect(`${name} ${answer.status} ${await answer.text()}`).toContain(`${name} ${status} `);
    }
  });

  it('of a form makes a dataset with its files', async () => {
    const form = new FormData();
    for (const [field, text] of Object.entries(
      bodyOf('POST /v1/datasets', 'multipart/form-data') as Record<string, string>,
    )) {
      if (field !== 'files') form.append(field, text);
    }
    form.append('files', new Blob(['date,wind\n']), 'weather.csv');
    const made = await app.json(201, '/v1/datasets', { method: 'POST', body: form });
    expect(made).toMatchObject({ name: 'Seattle weather', latestVersion: 1 });
  });

  it('is never refused as not valid, and every example of a body neither', async () => {
    for (const [name, { requestBody }] of operationsOf(document)) {
      const body = requestBody?.content[JSON_TYPE];
      if (!body) continue;
      const [method = '', path = ''] = name.split(' ');
      const at = path
        .replace('/datasets/{id}', '/datasets/seattle-weather')
        .replace('{ref}', 'latest')
        .replace(/\{\w+\}/, 'nobody');
      const values = Object.values(body.examples ?? {}).map(({ value }) => value);
      for (const value of [prefilled({ resolve }, body), ...values]) {
        const answer = await datasetsApi(app).json(method, at, value);
        expect(`${name} ${answer.status} ${await answer.text()}`).not.toMatch(/ (400|5\d\d) /);
      }
    }
  });
});
