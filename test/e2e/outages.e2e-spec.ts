import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectNothingLeft } from '../support/leftovers.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';
import { PostgresProxy } from '../support/tcp-proxy.js';

let app: TestApp;
let proxy: PostgresProxy | undefined;
afterEach(async () => {
  await app.stop();
  await proxy?.stop();
  proxy = undefined;
});

async function startBehindProxy(): Promise<PostgresProxy> {
  const started: PostgresProxy[] = [];
  app = await startTestApp({}, async (databaseUrl) => {
    started.push(await PostgresProxy.start(databaseUrl));
    return started[0]!.url;
  });
  proxy = started[0];
  return proxy!;
}

/** Every statement that inserts a reference fails with this SQLSTATE from now on. */
const failReferences = (state: string) =>
  app.database.query(`
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'made to fail' USING ERRCODE = '${state}'; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON file_references FOR EACH ROW EXECUTE FUNCTION fail();`);

describe('a database that is gone', () => {
  it('is told as 503 on every route', async () => {
    const behind = await startBehindProxy();
    const { id } = (await (await app.upload('before')).json()) as { id: number };
    await behind.stop();
    proxy = undefined;
    for (const send of [
      () => app.fetch('/v1/files'),
      () => app.fetch(`/v1/files/${id}`),
      () => app.fetch(`/v1/files/${id}/content`),
      () => app.fetch(`/v1/files/${id}`, { method: 'DELETE' }),
      () => app.upload('meanwhile'),
      () => app.upload('meanwhile', { headers: { 'Idempotency-Key': 'meanwhile' } }),
      () => app.fetch('/v1/files', { method: 'POST', body: 'meanwhile' }),
    ]) {
      const response = await send();
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      await expectProblem(response, 503, 'database-unavailable');
    }
    expect((await app.fetch('/health/live')).status).toBe(200);
    const ready = await app.json(503, '/health/ready');
    expect(ready).toMatchObject({ status: 'down', checks: { database: { status: 'down' } } });
    await uploadSlotsUsed(app, 0);
  });

  it('is found again when it is back', async () => {
    app = await startTestApp();
    expect((await app.upload('before')).status).toBe(201);
    const terminate = () =>
      app.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'stratum'`,
      );
    for (let round = 0; round < 5; round += 1) {
      await terminate();
      const response = await app.upload(`after ${round}`);
      if (response.status !== 201) {
        await expectProblem(response, 503, 'database-unavailable');
        expect((await app.upload(`after ${round}`)).status).toBe(201);
      }
    }
  });
});

/** A table that only the transaction of an upload writes to, of those that run here. */
const UPLOAD = 'file_references';

describe('a connection that is lost at COMMIT', () => {
  it.each(['lose-answer', 'lose-commit'] as const)(
    '(%s) makes the upload happen once, as its answer says',
    async (fault) => {
      const behind = await startBehindProxy();
      await app.upload('warm up');
      behind.arm(fault, UPLOAD);
      const response = await app.upload('committed once');
      expect(response.status).toBe(201);
      const { id } = (await response.json()) as { id: number };
      expect(behind.cuts).toBe(1);
      const rows = await app.database.query(
        'SELECT count(*)::int AS holds FROM file_references WHERE file_id = $1',
        [id],
      );
      expect(rows).toEqual([{ holds: 1 }]);
    },
  );

  it('and nobody to ask: 503 says so, and a repeat with the key makes it happen once', async () => {
    const behind = await startBehindProxy();
    await app.upload('warm up');
    const headers = { 'Idempotency-Key': randomUUID() };
    behind.arm('lose-answer-and-server', UPLOAD);
    const response = await app.upload('who knows', { headers });
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await expectProblem(response, 503, 'outcome-unknown');
    behind.restore();
    expect((await app.upload('who knows', { headers })).status).toBe(201);
    const rows = await app.database.query('SELECT count(*)::int AS holds FROM file_references');
    expect(rows).toEqual([{ holds: 2 }]);
  });
});

describe('a database that refuses', () => {
  it('is told as 503 when it goes on asking for a repeat', async () => {
    app = await startTestApp();
    await failReferences('40001');
    const response = await app.upload('contended');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await expectProblem(response, 503, 'transaction-conflict');
    await expectNothingLeft(app);
  });

  it('is told as 500 without a word of what it said', async () => {
    app = await startTestApp();
    await failReferences('22012');
    const { detail } = await expectProblem(await app.upload('failing'), 500, 'internal');
    expect(detail).not.toMatch(/made to fail|file_references|22012/);
    await expectNothingLeft(app);
  });
});

describe('a storage that fails', () => {
  it('is told as 503', async () => {
    app = await startTestApp();
    const storage = join(app.env.STRATUM_DATA_DIR, 'storage');
    await rename(join(storage, '.staging'), join(storage, '.away'));
    await writeFile(join(storage, '.staging'), 'a file in place of the folder');
    for (const response of [
      await app.upload('x'),
      await app.fetch('/v1/files', { method: 'POST', body: 'x' }),
    ]) {
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      const { detail } = await expectProblem(response, 503, 'storage-unavailable');
      expect(detail).not.toContain(storage);
    }
    const rows = await app.database.query('SELECT 1 FROM files');
    expect(rows).toEqual([]);
  });
});

describe('an upload whose claim was taken away', () => {
  it('is told as 503 and keeps nothing', async () => {
    app = await startTestApp({ UPLOAD_LEASE_SECONDS: '1' });
    const connection = await rawConnection(app);
    await connection.send(requestHead(app, 'POST /v1/files', { 'Content-Length': 10 }));
    await connection.send('12345');
    let taken: unknown[] = [];
    while (taken.length === 0) {
      taken = await app.database.query('DELETE FROM storage_intents RETURNING id');
    }
    const answer = await connection.answer();
    expect(answer?.headers['retry-after']).toMatch(/^\d+$/);
    await expectProblem(answer, 503, 'upload-lease-lost');
    connection.socket.destroy();
    expect(await app.database.query('SELECT 1 FROM files')).toEqual([]);
  });
});
