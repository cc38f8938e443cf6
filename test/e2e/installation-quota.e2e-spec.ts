import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GarbageCollector } from '../../src/storage/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, type TestCaller } from '../support/callers.js';
import { datasetsApi, put } from '../support/datasets.js';
import { expectNothingLeft, traces } from '../support/leftovers.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';

const QUOTA = 3_000_000;

let app: TestApp;
let user: TestCaller;
beforeAll(async () => {
  app = await startTestApp({
    STORAGE_QUOTA_BYTES: String(QUOTA),
    GC_GRACE_SECONDS: '0',
    GC_RETAIN_SECONDS: '0',
  });
  user = await addCaller(app, 'somebody');
});
afterAll(() => app.stop());

describe('The quota of the installation', () => {
  const large = randomBytes(QUOTA - 1000);

  it('is full to the byte, whoever stores, and tells how it stands to admins alone', async () => {
    expect((await user.upload(large)).status).toBe(201);
    const before = await traces(app);
    const problem = await expectProblem(
      await user.upload(randomBytes(1001)),
      507,
      'quota-exceeded',
    );
    expect(problem).toMatchObject({ quota: 'installation', neededBytes: 1001 });
    expect(problem).not.toHaveProperty('usedBytes');
    const told = await expectProblem(await app.upload(randomBytes(1001)), 507, 'quota-exceeded');
    expect(told).toMatchObject({ quotaBytes: QUOTA, usedBytes: QUOTA - 1000 });
    await expectNothingLeft(app, before);
    expect((await app.upload(randomBytes(1000))).status).toBe(201);
    const { storage } = await app.json<{ storage: object }>(200, '/v1/admin/gc');
    expect(storage).toMatchObject({ files: 2, usedBytes: QUOTA, quotaBytes: QUOTA });
  });

  it('lets in what the caller has stored already, and what the service itself adds', async () => {
    const datasets = datasetsApi(user);
    const fileId = ((await (await user.upload(large)).json()) as { id: number }).id;
    const { id } = await datasets.create({ name: 'Full' });
    await datasets.commit(id, [put('a.bin', fileId)]);
  });

  it('refuses by Content-Length before a byte is sent', async () => {
    const connection = await rawConnection(app);
    await connection.send(requestHead(app, 'POST /v1/files', { 'Content-Length': 2_000_000 }));
    await expectProblem(await connection.answer(), 507, 'quota-exceeded');
    connection.socket.destroy();
  });

  it('has room again soon after the collector has come', async () => {
    await app.database.query('DELETE FROM file_references');
    await app.database.query('UPDATE files SET reference_count = 0, zero_since = now()');
    await app.app.get(GarbageCollector, { strict: false }).collect();
    let status = 0;
    for (const deadline = Date.now() + 15_000; status !== 201 && Date.now() < deadline;) {
      ({ status } = await user.upload(randomBytes(5000)));
      if (status !== 201) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(status).toBe(201);
  });
});
