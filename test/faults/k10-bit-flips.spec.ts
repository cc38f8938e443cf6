import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { FaultPart } from '../support/faults/part.js';
import { sha256Of } from '../support/history.js';
import { rawExchange, requestHead, type RawAnswer } from '../support/raw-http.js';

const MIB = 1024 * 1024;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

interface Rotten {
  id: number;
  content: Buffer;
  /** Where the bit was flipped. */
  at: number;
}

/** A file on whose disk one bit is another than was written. */
async function rotten(random: () => number): Promise<Rotten> {
  const content = randomBytes(1 + Math.floor(random() * 3 * MIB));
  const { id } = (await (await app.upload(content)).json()) as { id: number };
  const [row] = await app.database.query<{ storage_key: string }>(
    'SELECT storage_key FROM files WHERE id = $1',
    [id],
  );
  const at = Math.floor(random() * content.length);
  const path = join(app.env.STRATUM_DATA_DIR, 'storage', row!.storage_key);
  const handle = await open(path, 'r+');
  await handle.write(Buffer.of(content[at]! ^ (1 << Math.floor(random() * 8))), 0, 1, at);
  await handle.close();
  return { id, content, at };
}

const download = (id: number, range?: string): Promise<RawAnswer | null> =>
  rawExchange(
    app,
    requestHead(app, `GET /v1/files/${id}/content`, {
      Connection: 'close',
      ...(range && { Range: range }),
    }),
  );

const healthOf = async (id: number): Promise<unknown> =>
  (await app.database.query('SELECT health FROM files WHERE id = $1', [id]))[0]?.['health'];

/** No answer that ends well brings the damaged bytes. */
const isBroken = (answer: RawAnswer | null): boolean =>
  answer === null || answer.status >= 500 || !answer.complete;

it('never ends a download well that has a flipped bit, and the next upload heals it', async () => {
  const part = new FaultPart('K10', 'bit flips read', { short: 20, full: 200 });
  const { done } = await part.play(async (random) => {
    const { id, content, at } = await rotten(random);
    const last = Math.min(at + Math.floor(random() * 1000), content.length - 1);
    expect(isBroken(await download(id, `bytes=${at}-${last}`))).toBe(true);
    expect(isBroken(await download(id))).toBe(true);
    expect(await healthOf(id)).toBe('corrupt');
    const again = (await (await app.upload(content)).json()) as { id: number };
    expect(again.id).toBe(id);
    expect(await healthOf(id)).toBe('ok');
    const healed = await download(id);
    expect(healed?.complete).toBe(true);
    expect(sha256Of(healed!.body)).toBe(sha256Of(content));
    return { faults: 1 };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 1_800_000);
