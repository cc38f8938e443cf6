import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../support/app.js';
import { datasetsApi } from '../../support/datasets.js';
import { smugglings } from '../../support/hardening/smuggling.js';
import { rawConnection, rawExchange } from '../../support/raw-http.js';

let app: TestApp;
let dataset: string;
beforeAll(async () => {
  app = await startTestApp();
  ({ id: dataset } = await datasetsApi(app).create({ name: 'Smuggled' }));
});
afterAll(() => app.stop());

const LINES = ['GET /health/live', 'POST /v1/files', 'POST /v1/datasets', 'POST /nowhere'];

/** A request that leaves a trace when it is carried out. */
const canary = (tag: string): string =>
  `PUT /v1/datasets/${dataset}/tags/${tag} HTTP/1.1\r\nHost: test\r\n` +
  `Authorization: Bearer ${app.key}\r\nContent-Length: 0\r\n\r\n`;

const tags = async (): Promise<unknown[]> =>
  (await app.json<{ tags: unknown[] }>(200, `/v1/datasets/${dataset}`)).tags;

/** Everything that comes back until the other side closes, or for as long as it takes to be sure. */
async function answersTo(bytes: string): Promise<string[]> {
  const connection = await rawConnection(app);
  const { socket } = connection;
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const closed = once(socket, 'close');
  await connection.send(Buffer.from(bytes, 'latin1'));
  // Whoever waits for more of it gets the end instead.
  connection.end();
  await closed;
  return text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
}

describe('a request with another one hidden in it', () => {
  it.each(LINES)('is refused, or read as one: %s', async (line) => {
    const count = smugglings(line, '').length;
    expect(count).toBe(60);
    for (let number = 0; number < count; number += 1) {
      const { kind, bytes } = smugglings(line, canary(`smuggled-${number}`))[number]!;
      const answers = await answersTo(bytes);
      const what = `${number} ${kind}: ${bytes.slice(0, 160)}`;
      // Read as one, it has one answer; bytes after it that are no request may be told to be none.
      const [first, ...more] = answers;
      expect([what, first !== undefined, more.filter((answer) => !answer.endsWith('400'))]).toEqual(
        [what, true, []],
      );
    }
    // A hidden request that was taken in would be carried out some time after the connection ended.
    await delay(500);
    expect(await tags()).toEqual([]);
  });

  it('would have left a trace', async () => {
    expect((await rawExchange(app, canary('seen')))?.status).toBe(201);
    expect(await tags()).toEqual(['seen']);
  });
});
