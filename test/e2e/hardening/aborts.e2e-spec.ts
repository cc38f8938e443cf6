import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { descriptorsAtMost, settledDescriptors } from '../../support/descriptors.js';
import { IS_FULL, random, SEED } from '../../support/hardening/tables.js';
import { expectNothingLeft, traces } from '../../support/leftovers.js';
import { fileForm } from '../../support/multipart.js';
import { rawConnection, requestHead } from '../../support/raw-http.js';
import { createServicePlace, type ServicePlace } from '../../support/service-place.js';
import { startService, type Service } from '../../support/service.js';

const ABORTS = IS_FULL ? 500 : 40;
const AT_ONCE = 20;

let place: ServicePlace;
let service: Service;
let pid: number;
beforeAll(async () => {
  place = await createServicePlace();
  service = await startService(place.settings);
  pid = service.process.pid as number;
});
afterAll(async () => {
  await service.kill();
  await place.remove();
});

const inspected = () => ({ database: place.database, env: { STRATUM_DATA_DIR: place.dataDir } });

/** Twenty at a time, after a first round that opens what stays open. */
async function storm(abort: () => Promise<void>): Promise<{ before: number; after: number }> {
  await Promise.all(Array.from({ length: AT_ONCE }, abort));
  const before = await settledDescriptors(pid);
  for (let done = 0; done < ABORTS; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, abort));
  }
  return { before, after: await descriptorsAtMost(pid, before) };
}

const next = random(SEED);

describe('requests that break off', () => {
  it('give back every descriptor when they were uploads', async () => {
    const { body, type } = fileForm(Buffer.alloc(200_000, 'x'));
    const left = await traces(inspected());
    const { before, after } = await storm(async () => {
      const connection = await rawConnection(service);
      const head = { 'Content-Type': type, 'Content-Length': body.length };
      await connection.send(requestHead(service, 'POST /v1/files', head));
      await connection.send(body.subarray(0, Math.floor(next() * body.length * 0.99)));
      connection.reset();
    });
    expect(after).toBeLessThanOrEqual(before);
    await expectNothingLeft(inspected(), left);
  });

  it('give back every descriptor when they were downloads', async () => {
    const response = await service.upload(Buffer.alloc(8_000_000, 'x'));
    const { id } = (await response.json()) as { id: number };
    const { before, after } = await storm(async () => {
      const connection = await rawConnection(service);
      // Nobody reads on: the file stays open until the connection is known to be gone.
      connection.socket.once('data', () => connection.socket.pause());
      await connection.send(requestHead(service, `GET /v1/files/${id}/content`));
      await new Promise((resolve) => connection.socket.once('pause', resolve));
      connection.reset();
    });
    expect(after).toBeLessThanOrEqual(before);
  });
});
