import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { expectNothingLeft, expectTraces, traces } from '../support/leftovers.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { rawConnection, requestHead, type RawConnection } from '../support/raw-http.js';
import { createServicePlace, type ServicePlace } from '../support/service-place.js';
import { startService, type Service } from '../support/service.js';

const CONTENT = randomBytes(300_000);

let place: ServicePlace;
beforeEach(async () => {
  place = await createServicePlace();
});
afterEach(() => place.remove());

const inspected = () => ({ database: place.database, env: place.settings });

/** An upload of which a part has arrived. */
async function halfUpload(service: Service): Promise<RawConnection> {
  const connection = await rawConnection(service);
  await connection.send(
    requestHead(service, 'POST /v1/files', { 'Content-Length': CONTENT.length }),
  );
  await connection.send(CONTENT.subarray(0, 100_000));
  await uploadSlotsUsed(service, 1);
  return connection;
}

async function takesConnections(service: Service): Promise<boolean> {
  try {
    (await rawConnection(service)).socket.destroy();
    return true;
  } catch {
    return false;
  }
}

describe('SIGTERM during an upload', () => {
  it('lets it end well, takes no new requests, and ends with 0', async () => {
    const service = await startService(place.settings);
    const upload = await halfUpload(service);
    service.process.kill('SIGTERM');
    while (await takesConnections(service)) await delay(20);
    await upload.send(CONTENT.subarray(100_000));
    const answer = await upload.answer();
    expect(answer?.status).toBe(201);
    upload.socket.destroy();
    expect(await service.ended()).toBe(0);
    const left = await traces(inspected());
    expect(left.objects).toHaveLength(1);
    await expectTraces(inspected(), {
      files: 1,
      references: 1,
      intents: 0,
      claims: 0,
      objects: left.objects,
    });
  });

  it('rolls it back when it outlasts the grace, and ends with 0', async () => {
    const service = await startService({ ...place.settings, SHUTDOWN_GRACE_SECONDS: '1' });
    const upload = await halfUpload(service);
    expect(await service.kill('SIGTERM')).toBe(0);
    expect((await upload.answer())?.status).not.toBe(201);
    await expectNothingLeft(inspected());
  });

  it('ends at once at a second signal', async () => {
    const service = await startService({ ...place.settings, SHUTDOWN_GRACE_SECONDS: '3600' });
    const upload = await halfUpload(service);
    service.process.kill('SIGTERM');
    while (await takesConnections(service)) await delay(20);
    expect(await service.kill('SIGTERM')).toBe(1);
    upload.socket.destroy();
  });
});

describe('SIGTERM while idle', () => {
  it('ends with 0 though clients keep their connections open', async () => {
    const service = await startService(place.settings);
    const idle = await rawConnection(service);
    await idle.send(requestHead(service, 'GET /health/live'));
    expect((await idle.answer())?.status).toBe(200);
    expect(await service.kill('SIGTERM')).toBe(0);
    idle.socket.destroy();
  });
});
