import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { auditOf, type AuditRow } from '../support/audit.js';
import {
  listed,
  makeKey as make,
  peopleApi,
  revokeKey as revoke,
  rotateKey as rotate,
  type ApiKey,
  type Page,
} from '../support/people.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let people: ReturnType<typeof peopleApi>;
let audited: () => Promise<AuditRow[]>;
/** A member of no special rights, with a key that is not limited. */
let ada: Api;
beforeAll(async () => {
  app = await startTestApp();
  people = peopleApi(app);
  audited = auditOf(app);
  ada = await people.caller('ada');
});
afterAll(() => app.stop());

const status = async (api: Api, path = '/v1/me') => (await api.fetch(path)).status;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe('A revoked key', () => {
  it('is good for nothing from the answer on, and stays listed', async () => {
    const made = await people.key({}, ada);
    const caller = people.as(made.key);
    expect(await status(caller)).toBe(200);
    await audited();
    expect((await revoke(ada, made.id)).status).toBe(204);
    expect(await status(caller)).toBe(401);
    expect((await revoke(ada, made.id)).status).toBe(204);
    expect(await audited()).toMatchObject([{ action: 'api-key.revoke', actor: 'ada' }]);
    const { revokedAt } = await ada.json<ApiKey>(200, `/v1/api-keys/${made.id}`);
    expect(Date.parse(String(revokedAt))).toBeGreaterThan(0);
    await expectProblem(await rotate(ada, made.id), 409, 'api-key-ended');
  });

  it('can be the one that asks for it', async () => {
    const made = await people.key({}, ada);
    expect((await revoke(people.as(made.key), made.id)).status).toBe(204);
    expect(await status(people.as(made.key))).toBe(401);
  });

  it('is refused at once however many requests are on their way', async () => {
    const made = await people.key({}, ada);
    const caller = people.as(made.key);
    let isRevoked = false;
    const late: number[] = [];
    const calls = Array.from({ length: 8 }, async () => {
      for (let call = 0; call < 40; call += 1) {
        const wasRevoked = isRevoked;
        const answer = await status(caller);
        if (wasRevoked) late.push(answer);
      }
    });
    await delay(50);
    expect((await revoke(ada, made.id)).status).toBe(204);
    isRevoked = true;
    await Promise.all(calls);
    expect(late.length).toBeGreaterThan(0);
    expect(new Set(late)).toEqual(new Set([401]));
  });
});

describe('A rotated key', () => {
  it('ends at once, unless there is an overlap', async () => {
    const scopes = ['files:read'];
    const first = await people.key({ name: 'turning', scopes }, ada);
    await audited();
    const second = (await (await rotate(ada, first.id)).json()) as ApiKey;
    expect(second).toMatchObject({ name: 'turning', scopes, userId: first.userId });
    expect(second.id).not.toBe(first.id);
    expect([await status(people.as(first.key)), await status(people.as(second.key))]).toEqual([
      401, 200,
    ]);
    expect(await audited()).toMatchObject([{ action: 'api-key.rotate', actor: 'ada' }]);

    const before = Date.now();
    const third = (await (await rotate(ada, second.id, { overlapSeconds: 1 })).json()) as ApiKey;
    expect([await status(people.as(second.key)), await status(people.as(third.key))]).toEqual([
      200, 200,
    ]);
    // Remembered by now; its end comes all the same.
    while ((await status(people.as(second.key))) === 200) await delay(20);
    expect(Date.now() - before).toBeLessThan(3_000);
    expect(Date.now() - before).toBeGreaterThan(900);
    expect(await status(people.as(third.key))).toBe(200);
    await expectProblem(await rotate(ada, second.id), 409, 'api-key-ended');
  });

  it('ends no later than it would have', async () => {
    const expiresAt = inAnHour();
    const old = await people.key({ expiresAt }, ada);
    const made = (await (await rotate(ada, old.id, { overlapSeconds: 86_400 })).json()) as ApiKey;
    expect(made.expiresAt).toBe(expiresAt);
    expect((await ada.json<ApiKey>(200, `/v1/api-keys/${old.id}`)).expiresAt).toBe(expiresAt);
  });
});

describe('Keys of others', () => {
  it('look like those that do not exist', async () => {
    const bob = await people.caller('bob');
    const { id } = await people.key({}, ada);
    const unknown = '01a20ed1-0acd-765a-aaa5-15c08cde0dc7';
    const answers = [];
    for (const key of [id, unknown, 'x', `${id}x`]) {
      for (const request of [
        () => bob.fetch(`/v1/api-keys/${key}`),
        () => revoke(bob, key),
        () => rotate(bob, key),
      ]) {
        const { instance: _, ...problem } = await expectProblem(
          await request(),
          404,
          'api-key-not-found',
        );
        answers.push(JSON.stringify(problem));
      }
    }
    expect(new Set(answers).size).toBe(1);
    const users = [];
    for (const userId of ['ada', 'nobody', unknown]) {
      const made = await expectProblem(await make(bob, { userId }), 404, 'user-not-found');
      const list = await bob.fetch(`/v1/api-keys?userId=${userId}`);
      users.push(made.detail, (await expectProblem(list, 404, 'user-not-found')).detail);
    }
    expect(new Set(users).size).toBe(1);
    expect((await people.key({ userId: 'bob' }, bob)).name).toBe('a key');
    expect(await status(people.as((await people.key({}, ada)).key))).toBe(200);
  });

  it('are an admin’s to list, to make and to end', async () => {
    const carol = await people.caller('carol');
    const own = await people.key({ name: 'own' }, carol);
    const names = async (api: Api, query: string) =>
      (await listed<ApiKey>(api, `/v1/api-keys?limit=2${query}`)).map(({ name }) => name);
    expect(await names(carol, '')).toEqual(['own', 'a key']);
    expect(await names(carol, '&all=true')).toEqual(['own', 'a key']);
    expect(await names(app, '&userId=carol')).toEqual(['own', 'a key']);
    expect(await names(app, '')).toEqual(['admin']);
    expect((await names(app, '&all=true')).length).toBeGreaterThan(8);
    expect(JSON.stringify(await listed(app, '/v1/api-keys?all=true'))).not.toContain(own.key);
    const { nextCursor } = await app.json<Page<ApiKey>>(200, '/v1/api-keys?all=true&limit=1');
    const elsewhere = await app.fetch(`/v1/api-keys?userId=carol&cursor=${nextCursor}`);
    await expectProblem(elsewhere, 400, 'cursor-mismatch');
    await expectProblem(await app.fetch('/v1/api-keys?all=1'), 400, 'validation-failed');
    expect((await revoke(app, own.id)).status).toBe(204);
    expect(await status(people.as(own.key))).toBe(401);
  });
});
