import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../support/app.js';
import {
  nameOf,
  readDocument,
  type Document,
  type Operation,
  type Parameter,
} from '../../support/hardening/documented-api.js';
import { INJECTIONS, MORE_INJECTIONS, SQL_ERROR } from '../../support/hardening/injections.js';
import { rowCounts, settledRowCounts, type RowCounts } from '../../support/hardening/row-counts.js';
import { IS_FULL, some } from '../../support/hardening/tables.js';
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

const PAYLOADS = [
  ...Object.values(INJECTIONS).flatMap((spellings) => (IS_FULL ? spellings : some(1, spellings))),
  ...(IS_FULL ? MORE_INJECTIONS : []),
];

/** Every parameter of a path or a query. */
const places = (): { operation: Operation; parameter: Parameter }[] =>
  document.operations.flatMap((operation) =>
    operation.parameters
      .filter((parameter) => parameter.in !== 'header')
      .map((parameter) => ({ operation, parameter })),
  );

async function send(operation: Operation, parameter: Parameter, value: string) {
  const { path, init } = requestOf(world, document, operation, {
    parameters: { [parameter.name]: value },
  });
  const response = await app.fetch(path, init);
  const text = await response.text();
  return { status: response.status, text: withoutEcho(text, value) };
}

/** Answers may repeat what was asked for. */
function withoutEcho(text: string, value: string): string {
  const spellings = [JSON.stringify(value).slice(1, -1), encodeURIComponent(value), value];
  return spellings.reduce((rest, spelling) => rest.replaceAll(spelling, '<echo>'), text);
}

/** That nothing went away, and that nothing was added where every request was refused or only read. */
async function expectIntact(isTaken: boolean, what: string): Promise<void> {
  if (isTaken) {
    const after = await settledRowCounts(app.database);
    expect([what, Object.keys(after)]).toEqual([what, Object.keys(counts)]);
    for (const [table, count] of Object.entries(counts)) {
      expect([what, table, after[table]! >= count]).toEqual([what, table, true]);
    }
    counts = after;
    return;
  }
  expect([what, await rowCounts(app.database)]).toEqual([what, counts]);
}

describe('SQL in a parameter', () => {
  it('is tried on every parameter of every route that is documented', () => {
    expect(places().length).toBeGreaterThan(50);
    expect(PAYLOADS.length).toBeGreaterThanOrEqual(12);
  });

  it('changes nothing, fails nothing, and is answered without a word of the database', async () => {
    for (const { operation, parameter } of places()) {
      let isTaken = false;
      for (const payload of PAYLOADS) {
        const what = `${nameOf(operation, parameter)}: ${payload}`;
        const { status, text } = await send(operation, parameter, payload);
        // One that is told to come back later has tried nothing.
        expect([what, status < 500 && status !== 429]).toEqual([what, true]);
        expect([what, SQL_ERROR.exec(text)?.[0]]).toEqual([what, undefined]);
        isTaken ||= operation.method !== 'GET' && status < 300;
      }
      await expectIntact(isTaken, nameOf(operation, parameter));
    }
  }, 600_000);

  it('finds no more when it is always true than when it is never', async () => {
    for (const { operation, parameter } of places()) {
      if (operation.method !== 'GET') continue;
      for (const [always, never] of [
        [`y' OR '7'='7`, `y' OR '7'='8`],
        ['7 OR 7=7', '7 OR 7=8'],
      ] as const) {
        const what = `${nameOf(operation, parameter)}: ${always}`;
        const answers = [
          await send(operation, parameter, always),
          await send(operation, parameter, never),
        ].map(({ status, text }) => [
          status,
          // An archive holds a checksum of what was asked for.
          text.startsWith('{') ? text.replaceAll(/urn:request:[\w-]+/g, '') : null,
        ]);
        expect([what, answers[0]]).toEqual([what, answers[1]]);
      }
    }
  });
});
