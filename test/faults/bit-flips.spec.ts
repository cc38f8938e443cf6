import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Scrubber } from '../../src/storage/scrub/scrubber.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { faultRounds, faultSeed, seededRandom } from '../support/history.js';
import { flipBit, objectOf } from '../support/storage-damage.js';

const MIB = 1024 * 1024;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ SCRUB_BYTES_PER_SECOND: '0' });
});
afterAll(() => app.stop());

const contentOf = async (id: number, range?: string): Promise<Buffer | null> =>
  await app
    .fetch(`/v1/files/${id}/content`, range === undefined ? {} : { headers: { Range: range } })
    .then(async (answer) => (answer.ok ? Buffer.from(await answer.arrayBuffer()) : null))
    // Broken off: the client is told that it has not got the file.
    .catch(() => null);

const healthOf = async (id: number): Promise<unknown> =>
  (await app.database.query('SELECT health FROM files WHERE id = $1', [id]))[0]?.['health'];

async function store(content: Buffer): Promise<number> {
  const answer = await app.upload(content);
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: number }).id;
}

/** Every other one is found by the scrub, the others by readers. */
describe('A flipped bit', () => {
  it(
    'is found, given to nobody as good, and healed by an upload of the same bytes',
    async () => {
      const seed = faultSeed('flipped bits');
      const random = seededRandom(seed);
      const below = (limit: number): number => Math.floor(random() * limit);
      for (let round = 0; round < faultRounds(20); round += 1) {
        const content = randomBytes(1 + below(1.4 * MIB));
        const id = await store(content);
        const offset = below(content.length);
        await flipBit(await objectOf(app, id), offset, below(8));
        await app.database.query(
          `UPDATE files SET created_at = now() - interval '40 days' WHERE id = $1`,
          [id],
        );
        const told = { round, size: content.length, offset };
        if (round % 2 === 0) {
          const report = await app.app.get(Scrubber, { strict: false }).scrub();
          expect({ ...told, ...report }).toMatchObject({ ...told, files: 1, rotten: 1 });
        } else if (round % 4 === 1) {
          expect({ ...told, part: await contentOf(id, `bytes=${offset}-${offset}`) }).toEqual({
            ...told,
            part: null,
          });
        }
        expect({ ...told, whole: await contentOf(id) }).toEqual({ ...told, whole: null });
        expect({ ...told, health: await healthOf(id) }).toEqual({ ...told, health: 'corrupt' });
        expect(await store(content)).toBe(id);
        expect({ ...told, health: await healthOf(id) }).toEqual({ ...told, health: 'ok' });
        expect((await contentOf(id))?.equals(content)).toBe(true);
        await app.database.query('UPDATE files SET last_verified_at = now()');
      }
    },
    60_000 + faultRounds(20) * 5_000,
  );
});
