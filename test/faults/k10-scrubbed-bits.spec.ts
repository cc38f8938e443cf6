import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Scrubber } from '../../src/storage/scrub/scrubber.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { FaultPart } from '../support/faults/part.js';
import { flipBit, objectOf } from '../support/storage-damage.js';

const MIB = 1024 * 1024;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ SCRUB_BYTES_PER_SECOND: '0' });
});
afterAll(() => app.stop());

/** `null`: broken off, or refused. */
const contentOf = async (id: number): Promise<Buffer | null> =>
  await app
    .fetch(`/v1/files/${id}/content`)
    .then(async (answer) => (answer.ok ? Buffer.from(await answer.arrayBuffer()) : null))
    .catch(() => null);

const healthOf = async (id: number): Promise<unknown> =>
  (await app.database.query('SELECT health FROM files WHERE id = $1', [id]))[0]?.['health'];

async function store(content: Buffer): Promise<number> {
  return ((await (await app.upload(content)).json()) as { id: number }).id;
}

it('finds every flipped bit, and the next upload of the same bytes heals it', async () => {
  const part = new FaultPart('K10', 'bit flips scrubbed', { short: 20, full: 200 });
  const { done } = await part.play(async (random) => {
    const below = (limit: number): number => Math.floor(random() * limit);
    const content = randomBytes(1 + below(1.4 * MIB));
    const id = await store(content);
    const offset = below(content.length);
    await flipBit(await objectOf(app, id), offset, below(8));
    await app.database.query(
      `UPDATE files SET created_at = now() - interval '40 days', last_verified_at = NULL WHERE id = $1`,
      [id],
    );
    expect(await app.app.get(Scrubber, { strict: false }).scrub()).toMatchObject({
      files: 1,
      rotten: 1,
    });
    expect(await healthOf(id)).toBe('corrupt');
    expect(await contentOf(id)).toBeNull();
    expect(await store(content)).toBe(id);
    expect(await healthOf(id)).toBe('ok');
    expect((await contentOf(id))?.equals(content)).toBe(true);
    return { faults: 1 };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 1_800_000);
