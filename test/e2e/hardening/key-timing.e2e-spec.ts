import { Agent, request } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { issueKeys, strangeKey } from '../../support/hardening/secrets.js';
import { IS_FULL, random, SEED } from '../../support/hardening/tables.js';
import { welchT } from '../../support/hardening/welch.js';
import { createServicePlace } from '../../support/service-place.js';
import { startService, type Service } from '../../support/service.js';

const SAMPLES = 100_000;

/** A key that begins as a known one does, with a checksum that is right. */
const likeKey = (known: string): string =>
  strangeKey(known.slice('stratum_'.length, 'stratum_'.length + 21));

/** Nanoseconds until the answer, on a connection that is kept. */
function timed(service: Service, agent: Agent, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    request(
      new URL('/v1/files', service.url),
      { agent, headers: { Authorization: `Bearer ${key}` } },
      (response) => {
        response.resume().once('end', () => {
          if (response.statusCode === 401) resolve(Number(process.hrtime.bigint() - start));
          else reject(new Error(`${response.statusCode}`));
        });
      },
    )
      .once('error', reject)
      .end();
  });
}

describe('the time of a refusal', () => {
  it('would be told apart if it differed by a hundredth of its spread', () => {
    const next = random(SEED);
    const of = (mean: number) => Array.from({ length: SAMPLES }, () => mean + next());
    expect(Math.abs(welchT(of(0), of(0)))).toBeLessThan(4.5);
    expect(Math.abs(welchT(of(0), of(0.01)))).toBeGreaterThan(4.5);
  });

  // A time says something only of a machine that does nothing else.
  if (IS_FULL) {
    it('tells nothing of a key: unknown, alike to a known one, or revoked', async () => {
      const place = await createServicePlace();
      const service = await startService(place.settings);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        const [known, revoked] = (await issueKeys(service, place.database, 2)) as [string, string];
        await place.database.query(
          'UPDATE api_keys SET revoked_at = now() WHERE id = (SELECT id FROM api_keys ORDER BY created_at DESC LIMIT 1)',
        );
        const kinds = [() => strangeKey(), () => likeKey(known), () => revoked];
        const times: number[][] = kinds.map(() => []);
        const next = random(SEED);
        for (let warm = 0; warm < 2000; warm += 1) await timed(service, agent, strangeKey());
        for (let sample = 0; sample < SAMPLES; sample += 1) {
          const kind = Math.floor(next() * kinds.length);
          // A key of each kind is made every time: what this process did before must not tell them apart.
          const keys = kinds.map((make) => make());
          times[kind]!.push(await timed(service, agent, keys[kind]!));
        }
        const [unknown, alike, ended] = times as [number[], number[], number[]];
        const found = { alike: welchT(unknown, alike), revoked: welchT(unknown, ended) };
        console.log(`Welch's t: ${JSON.stringify(found)}`);
        expect(Math.abs(found.alike)).toBeLessThan(4.5);
        expect(Math.abs(found.revoked)).toBeLessThan(4.5);
      } finally {
        agent.destroy();
        await service.kill();
        await place.remove();
      }
    }, 900_000);
  }
});
