import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createApi } from '../support/api.js';
import { createServicePlace, type ServicePlace } from '../support/service-place.js';
import { startService, type Service } from '../support/service.js';

const GENERATED = /stratum_[A-Za-z0-9_-]{43}_[0-9a-f]{8}/g;

let place: ServicePlace;
beforeEach(async () => {
  place = await createServicePlace();
});
afterEach(() => place.remove());

/** Without STRATUM_BOOTSTRAP_KEY: an empty variable counts as absent. */
const start = (settings: Record<string, string> = {}) =>
  startService({
    ...place.settings,
    STRATUM_BOOTSTRAP_KEY: '',
    LOG_LEVEL: 'trace',
    ...settings,
  });
const keyFile = () => join(place.dataDir, 'admin-key');
const statusWith = async (service: Service, key: string) =>
  (await createApi(service.url, key).fetch('/v1/files')).status;

describe('the first admin key', () => {
  it('is generated, shown once, kept privately, and still good after a restart', async () => {
    const first = await start();
    const shown = first.output().match(GENERATED) ?? [];
    expect(shown).toHaveLength(1);
    const key = shown[0] as string;
    expect((await readFile(keyFile(), 'utf8')).trim()).toBe(key);
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    expect(await statusWith(first, key)).toBe(200);
    expect(await first.kill('SIGTERM')).toBe(0);
    expect(first.output().match(GENERATED)).toHaveLength(1);

    const second = await start();
    expect(await statusWith(second, key)).toBe(200);
    expect(await second.kill('SIGTERM')).toBe(0);
    expect(second.output()).not.toContain(key);
    expect((await readFile(keyFile(), 'utf8')).trim()).toBe(key);
  });

  it('is the one that STRATUM_BOOTSTRAP_KEY gives, in place of an earlier one', async () => {
    const given = 'given_by_the_operator-0123456789';
    const first = await start();
    const [generated] = first.output().match(GENERATED) as [string];
    await first.kill('SIGTERM');
    const second = await start({ STRATUM_BOOTSTRAP_KEY: given });
    expect(await statusWith(second, given)).toBe(200);
    expect(await statusWith(second, generated)).toBe(401);
    await second.kill('SIGTERM');
    expect(second.output()).not.toContain(given);
    expect(second.output()).not.toContain(generated);
  });

  it('of the file counts for a new database', async () => {
    const key = 'a_key_that_was_kept_in_its_file_01234';
    await writeFile(keyFile(), `${key}\n`, { mode: 0o600 });
    const service = await start();
    expect(await statusWith(service, key)).toBe(200);
    await service.kill('SIGTERM');
    expect(service.output()).not.toContain(key);
  });

  it('is in no log, whatever becomes of the requests that carry it', async () => {
    const service = await start();
    const [key] = service.output().match(GENERATED) as [string];
    const api = createApi(service.url, key);
    await api.upload('logged');
    await api.fetch('/v1/files/abc');
    await api.fetch('/v1/files/1/content', { headers: { 'If-Match': '"x"' } });
    await place.database.query('DROP TABLE file_references CASCADE');
    const failed = await api.fetch('/v1/files/1');
    expect(failed.status).toBe(500);
    const { instance } = (await failed.json()) as { instance: string };
    await service.kill('SIGTERM');
    expect(service.output()).toContain(instance.replace('urn:request:', ''));
    expect(service.output().match(GENERATED)).toHaveLength(1);
  });
});
