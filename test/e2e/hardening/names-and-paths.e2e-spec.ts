import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { readDocument } from '../../support/hardening/documented-api.js';
import { hostileNames } from '../../support/hardening/hostile-names.js';
import { nameSinks, type Sink } from '../../support/hardening/name-sinks.js';
import { IS_FULL, shuffled } from '../../support/hardening/tables.js';
import { treeOf } from '../../support/hardening/tree.js';
import { createWorld } from '../../support/hardening/world.js';
import { startService, type Service } from '../../support/service.js';

/** A place of its own for everything that the service could write, with files that it must not read. */
let scratch: string;
let database: TestDatabase;
let service: Service;
let sinks: Sink[];
let before: Record<string, string>;
const SECRET = `secret-${randomUUID()}`;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'stratum-scratch-'));
  for (const folder of ['data', 'tmp', 'home/deep', 'cwd']) {
    await mkdir(join(scratch, folder), { recursive: true });
  }
  for (const file of ['secret.txt', 'data/secret.txt', 'tmp/secret.txt', 'cwd/secret.txt']) {
    await writeFile(join(scratch, file), SECRET);
  }
  database = await createTestDatabase();
  service = await startService(
    {
      DATABASE_URL: database.url,
      STRATUM_DATA_DIR: join(scratch, 'data'),
      TMPDIR: join(scratch, 'tmp'),
      HOME: join(scratch, 'home'),
    },
    { cwd: join(scratch, 'cwd') },
  );
  const document = await readDocument();
  sinks = nameSinks(service, document, await createWorld(service, document));
  before = await tree();
});
afterAll(async () => {
  await service.kill();
  await database.drop();
  await rm(scratch, { recursive: true, force: true });
});

/** Objects have names that the service makes, anything else in their folder shows; a head is renewed. */
const OWN = /^data\/(?:storage\/(?:blobs|\.staging)(?:\/[\w-]+)*|audit-head)$/;
const tree = (): Promise<Record<string, string>> => treeOf(scratch, (path) => OWN.test(path));

/** Three classes at each place, by turns; in the long form every spelling of all at every place. */
function* table(): Generator<{ sink: Sink; kind: string; name: string }> {
  const kinds = shuffled(
    Object.entries(hostileNames({ below: 'secret.txt', absolute: join(scratch, 'secret.txt') })),
  );
  const newcomers = hostileNames({ below: 'planted.txt', absolute: join(scratch, 'planted.txt') });
  let turn = 0;
  for (const sink of sinks) {
    for (const [kind, names] of IS_FULL ? kinds : kinds.splice(0, 3)) {
      const all = [...new Set([...names, ...newcomers[kind]!])];
      turn += 1;
      for (const name of IS_FULL ? all : [all[turn % all.length]!]) yield { sink, kind, name };
      if (!IS_FULL) kinds.push([kind, names]);
    }
  }
}

describe('a hostile name', () => {
  it('is answered, and leads nowhere outside of the store', async () => {
    let tried = 0;
    for (const { sink, kind, name } of table()) {
      const what = `${sink.place}, ${kind}: ${name.slice(0, 80)}`;
      const answer = await sink.send(name);
      expect([what, answer !== null && answer.status < 500 && answer.status !== 429]).toEqual([
        what,
        true,
      ]);
      const text = `${JSON.stringify(answer!.headers)}${answer!.body.toString()}`;
      expect([what, text.includes(SECRET) || /root:.?:0:/.test(text)]).toEqual([what, false]);
      tried += 1;
    }
    expect(tried).toBeGreaterThanOrEqual(IS_FULL ? 2000 : 400);
    expect(await tree()).toEqual(before);
    expect(await service.json(200, '/health/ready')).toMatchObject({ status: 'up' });
  }, 900_000);
});
