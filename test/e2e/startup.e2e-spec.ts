import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServicePlace, type ServicePlace } from '../support/service-place.js';
import { startService } from '../support/service.js';

let place: ServicePlace;
beforeAll(async () => {
  place = await createServicePlace();
});
afterAll(() => place.remove());

/** What a start that must fail has printed, after its exit code. */
async function failedStart(settings: Record<string, string>): Promise<string> {
  const failure = await startService({ ...place.settings, ...settings }).then(
    async (service) => {
      await service.kill();
      return 'it started';
    },
    (error: Error) => error.message,
  );
  expect(failure).toMatch(/^The service did not start \(1\):/);
  expect(failure).toContain('Stratum cannot start.');
  return failure;
}

describe('a start with faults in its settings', () => {
  it('names all of them at once, and none of their values', async () => {
    const settings = {
      PORT: 'port-value',
      DATABASE_URL: 'mysql://secret-value@host',
      STRATUM_BOOTSTRAP_KEY: 'short-value',
      UPLOAD_SLOTS: '-17',
      LOG_LEVEL: 'loud-value',
    };
    const output = await failedStart(settings);
    for (const [name, value] of Object.entries(settings)) {
      expect(output).toContain(name);
      expect(output).not.toContain(value);
    }
  });

  it('names the storage backends there are when it is told another', async () => {
    const output = await failedStart({ STORAGE_BACKEND: 'tape' });
    expect(output).toContain('tape');
    expect(output).toMatch(/known are .*\blocal\b/);
    expect(output).toMatch(/known are .*\bmemory\b/);
  });
});

describe('a start', () => {
  it('tells the end of the audit log before the greeting, and not behind it', async () => {
    for (const start of ['the first', 'another']) {
      const service = await startService({ ...place.settings, LOG_LEVEL: 'info' });
      const output = service.output();
      expect(`${start}: ${output.indexOf('"auditHead"')}`).not.toContain('-1');
      expect(output.indexOf('"auditHead"')).toBeLessThan(output.indexOf('Stratum is ready'));
      expect(output.split('"auditHead"')).toHaveLength(2);
      expect(await service.kill('SIGTERM')).toBe(0);
    }
  });
});

describe('a start where something is in the way', () => {
  it('says that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const output = await failedStart({ PORT: String(port) });
    expect(output).toContain('EADDRINUSE');
    expect(output).toContain(String(port));
    other.close();
  });

  it('says that the database does not answer, without its password', async () => {
    const output = await failedStart({
      DATABASE_URL: 'postgres://user:the-password@127.0.0.1:1/none',
    });
    expect(output).toContain('ECONNREFUSED');
    expect(output).not.toContain('the-password');
  });

  it('on a data folder in use names the process that has it, which goes on', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'stratum-held-'));
    const settings = { STRATUM_DATA_DIR: dataDir, DATABASE_URL: '' };
    const holder = await startService(settings);
    const output = await failedStart(settings);
    expect(output).toContain(dataDir);
    expect(output).toContain(`process ${holder.process.pid}`);
    expect((await holder.upload('still served')).status).toBe(201);
    expect(await holder.kill('SIGTERM')).toBe(0);
    await rm(dataDir, { recursive: true, force: true });
  });
});
