import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../support/app.js';
import { badBodies } from '../../support/hardening/bad-bodies.js';
import {
  nameOf,
  readDocument,
  withJsonBody,
  type Document,
  type Operation,
} from '../../support/hardening/documented-api.js';
import { settledRowCounts, type RowCounts } from '../../support/hardening/row-counts.js';
import { createWorld, requestOf, type World } from '../../support/hardening/world.js';

let app: TestApp;
let document: Document;
let world: World;
let counts: RowCounts;
beforeAll(async () => {
  app = await startTestApp();
  document = await readDocument();
  world = await createWorld(app, document);
  counts = await settledRowCounts(app.database);
});
afterAll(() => app.stop());

const KINDS = [
  '__proto__',
  'constructor',
  'prototype',
  'an unknown field',
  'wrong type',
  'array for scalar',
  'nested',
  'null',
  'huge',
  'duplicate',
];

const send = async (operation: Operation, body: string): Promise<Response> => {
  const { path, init } = requestOf(world, document, operation, { body });
  return await app.fetch(path, init);
};

/** Nothing of what a body holds has reached what all objects share. */
function expectCleanPrototypes(): void {
  for (const shared of [Object.prototype, Array.prototype, Function.prototype]) {
    expect(Object.keys(shared)).toEqual([]);
    expect('polluted' in shared).toBe(false);
  }
}

async function expectRefused(what: string, response: Response): Promise<void> {
  const text = await response.text();
  const isRefusal = response.status >= 400 && response.status < 500 && response.status !== 429;
  const type = response.headers.get('content-type') ?? '';
  expect([what, response.status, isRefusal, text.slice(0, 300)]).toEqual([
    what,
    response.status,
    true,
    expect.any(String),
  ]);
  expect([what, type]).toEqual([what, expect.stringMatching(/^application\/problem\+json/)]);
}

describe('a JSON body', () => {
  const bodies = () =>
    withJsonBody(document).map(({ operation, schema }) => ({
      operation,
      bad: badBodies(document, schema, world.bodyOf(schema)),
    }));

  it('is tried on every route that takes one, in ten kinds', () => {
    const tried = bodies();
    expect(tried.length).toBeGreaterThanOrEqual(10);
    for (const { operation, bad } of tried) {
      const kinds = new Set(bad.map(({ kind }) => kind));
      expect([nameOf(operation), KINDS.filter((kind) => !kinds.has(kind))]).toEqual([
        nameOf(operation),
        [],
      ]);
    }
  });

  it('is taken when it is good: what follows is refused for what is bad in it', async () => {
    const taken: string[] = [];
    for (const { operation, schema } of withJsonBody(document)) {
      const response = await send(operation, JSON.stringify(world.bodyOf(schema)));
      await response.arrayBuffer();
      if (response.status < 300) taken.push(nameOf(operation));
    }
    // Some need more than the document tells, or something that has been taken away before.
    expect(taken.length).toBeGreaterThanOrEqual(withJsonBody(document).length / 2);
    counts = await settledRowCounts(app.database);
  });

  it('is refused with a problem when it is bad, changes nothing and reaches no prototype', async () => {
    for (const { operation, bad } of bodies()) {
      let isTaken = false;
      for (const { kind, at, text, mayBeTaken } of bad) {
        const what = `${nameOf(operation)} ${kind} at ${at || 'the top'}`;
        const response = await send(operation, text);
        if (response.status < 300 && mayBeTaken !== undefined) {
          await response.arrayBuffer();
          isTaken = true;
        } else {
          await expectRefused(what, response);
        }
      }
      expectCleanPrototypes();
      const what = nameOf(operation);
      const before = counts;
      counts = await settledRowCounts(app.database);
      if (!isTaken) expect([what, counts]).toEqual([what, before]);
    }
  }, 600_000);
});
