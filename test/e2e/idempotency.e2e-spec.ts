import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectNothingLeft, expectTraces, traces } from '../support/leftovers.js';
import { fileForm, multipart } from '../support/multipart.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

interface Send {
  key: string;
  path?: string;
  fileName?: string;
  headers?: Record<string, string>;
}

const upload = (
  content: string,
  { key, path = '/v1/files', fileName = 'a.csv', headers }: Send,
) => {
  const { body, type } = fileForm(content, fileName);
  return app.fetch(path, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'Content-Type': type, 'Idempotency-Key': key, ...headers },
  });
};

/** What must be as it was but for one more file with one hold. */
async function expectOneHoldMore(before: Awaited<ReturnType<typeof traces>>): Promise<void> {
  const now = await traces(app);
  await expectTraces(app, {
    ...before,
    files: before.files + 1,
    references: before.references + 1,
    objects: now.objects,
  });
  expect(now.objects).toHaveLength(before.objects.length + 1);
}

describe('a repeat with the same Idempotency-Key', () => {
  it('gives the same answer and makes no second hold', async () => {
    const before = await traces(app);
    const key = randomUUID();
    const first = await upload('repeated', { key });
    const second = await upload('repeated', { key });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(await second.json()).toEqual(await first.json());
    await expectOneHoldMore(before);
  });

  it('gives the answer of the first even when the file was given up since', async () => {
    const key = randomUUID();
    const first = (await (await upload('given up', { key })).json()) as { id: number };
    await app.fetch(`/v1/files/${first.id}`, { method: 'DELETE' });
    const before = await traces(app);
    expect(await (await upload('given up', { key })).json()).toEqual(first);
    await expectNothingLeft(app, before);
  });

  it('holds for a batch as a whole', async () => {
    const { body, type } = multipart([
      { name: 'file', fileName: '1.csv', content: 'batch 1' },
      { name: 'file', fileName: '2.csv', content: 'batch 2' },
    ]);
    const send = () =>
      app.fetch('/v1/files/batch', {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'Content-Type': type, 'Idempotency-Key': 'batch-key' },
      });
    const first = await (await send()).json();
    const before = await traces(app);
    expect(await (await send()).json()).toEqual(first);
    await expectNothingLeft(app, before);
  });

  it('fifty times at once gives fifty equal answers and one hold', async () => {
    const before = await traces(app);
    const key = randomUUID();
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => upload('fifty at once', { key })),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([201]));
    const bodies = await Promise.all(responses.map((response) => response.text()));
    expect(new Set(bodies).size).toBe(1);
    await expectOneHoldMore(before);
  });

  it('waits for a first request that is still being received', async () => {
    const key = randomUUID();
    const { body, type } = fileForm(randomBytes(5000), 'slow.csv');
    const head = requestHead(app, 'POST /v1/files', {
      'Content-Type': type,
      'Content-Length': body.length,
      'Idempotency-Key': key,
    });
    const [first, second] = [await rawConnection(app), await rawConnection(app)];
    await first.send(head);
    await first.send(body.subarray(0, 3000));
    await claimed(key);
    await second.send(head);
    await second.send(body);
    let isSecondAnswered = false;
    const answer = second.answer().finally(() => (isSecondAnswered = true));
    await delay(200);
    expect(isSecondAnswered).toBe(false);
    await first.send(body.subarray(3000));
    const [one, two] = [await first.answer(), await answer];
    expect([one?.status, two?.status]).toEqual([201, 201]);
    expect(two?.body.toString()).toBe(one?.body.toString());
    for (const { socket } of [first, second]) socket.destroy();
  });
});

/** Waits until a request holds this key. */
async function claimed(key: string): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const rows = await app.database.query('SELECT 1 FROM idempotency_records WHERE key = $1', [
      key,
    ]);
    if (rows.length > 0) return;
    await delay(10);
  }
  throw new Error('The key was never claimed.');
}

describe('an Idempotency-Key that was used', () => {
  it('is refused for other bytes, another name or other fields, and nothing is kept', async () => {
    const key = randomUUID();
    await upload('the first', { key });
    const before = await traces(app);
    await expectProblem(await upload('the second', { key }), 422, 'idempotency-key-reused');
    const renamed = await upload('the first', { key, fileName: 'b.csv' });
    await expectProblem(renamed, 422, 'idempotency-key-reused');
    await expectNothingLeft(app, before);
  });

  it('is free again when its first request has failed', async () => {
    const key = randomUUID();
    const before = await traces(app);
    const bad = await upload('retried', { key, headers: { 'Repr-Digest': 'sha-256=:AAAA:' } });
    await expectProblem(bad, 400, 'validation-failed');
    await expectProblem(
      await upload('retried', { key, fileName: '../x' }),
      400,
      'validation-failed',
    );
    const broken = await rawConnection(app);
    await broken.send(
      requestHead(app, 'POST /v1/files', { 'Content-Length': 9, 'Idempotency-Key': key }),
    );
    await claimed(key);
    broken.reset();
    expect((await upload('retried', { key })).status).toBe(201);
    await expectOneHoldMore(before);
  });

  it('is another one on another route', async () => {
    const key = randomUUID();
    const single = await upload('either route', { key });
    const batch = await upload('either route', { key, path: '/v1/files/batch' });
    expect([single.status, batch.status]).toEqual([201, 201]);
    expect(await batch.json()).toMatchObject({ items: [{ deduplicated: true }] });
  });

  it('answers 409 and keeps nothing when another request has taken it over', async () => {
    const key = randomUUID();
    const before = await traces(app);
    const connection = await rawConnection(app);
    await connection.send(
      requestHead(app, 'POST /v1/files', { 'Content-Length': 9, 'Idempotency-Key': key }),
    );
    await connection.send('half ');
    await claimed(key);
    await app.database.query('UPDATE idempotency_records SET claim_id = $2 WHERE key = $1', [
      key,
      randomUUID(),
    ]);
    await connection.send('done');
    const answer = await connection.answer();
    expect(answer?.headers['retry-after']).toMatch(/^\d+$/);
    await expectProblem(answer, 409, 'idempotency-in-progress');
    connection.socket.destroy();
    await app.database.query('DELETE FROM idempotency_records WHERE key = $1', [key]);
    await expectNothingLeft(app, before);
  });

  it('is free again after its time', async () => {
    const key = randomUUID();
    await upload('long ago', { key });
    await app.database.query(
      "UPDATE idempotency_records SET expires_at = now() - interval '1 second' WHERE key = $1",
      [key],
    );
    expect((await upload('something new', { key })).status).toBe(201);
  });
});

describe('an Idempotency-Key that is none', () => {
  it.each([' ', 'two words', 'ключ', 'é', '\t', 'x'.repeat(256)])('is refused: %j', async (key) => {
    const before = await traces(app);
    const connection = await rawConnection(app);
    const head = requestHead(app, 'POST /v1/files', {
      'Content-Length': 1,
      'Idempotency-Key': key,
    });
    await connection.send(`${head}x`);
    await expectProblem(await connection.answer(), 400, 'validation-failed');
    connection.socket.destroy();
    await expectNothingLeft(app, before);
  });

  it('of the greatest length is taken', async () => {
    expect((await upload('long key', { key: 'x'.repeat(255) })).status).toBe(201);
  });
});
