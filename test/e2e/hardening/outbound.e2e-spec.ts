import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCanary, type Canary } from '../../support/hardening/canary.js';
import { readDocument } from '../../support/hardening/documented-api.js';
import { nameSinks, type Sink } from '../../support/hardening/name-sinks.js';
import { ssrfSpellings } from '../../support/hardening/ssrf.js';
import { IS_FULL, shuffled } from '../../support/hardening/tables.js';
import { createWorld } from '../../support/hardening/world.js';
import { rawExchange, requestHead } from '../../support/raw-http.js';
import { createServicePlace, type ServicePlace } from '../../support/service-place.js';
import { startService, type Service } from '../../support/service.js';

const HOOK = join(import.meta.dirname, '../../support/hardening/outbound-hook.mjs');

let canary: Canary;
let place: ServicePlace;
let service: Service;
let sinks: Sink[];
let log: string;
beforeAll(async () => {
  canary = await startCanary();
  place = await createServicePlace();
  log = join(place.dataDir, 'outbound.log');
  await writeFile(log, '');
  service = await startService(
    { ...place.settings, OUTBOUND_LOG: log },
    { execArgv: ['--import', HOOK] },
  );
  const document = await readDocument();
  sinks = [...nameSinks(service, document, await createWorld(service, document)), ...proxySinks()];
});
afterAll(async () => {
  await service.kill();
  await place.remove();
  await canary.stop();
});

/** What a proxy, or a server that believes one, would connect to. */
function proxySinks(): Sink[] {
  const exchange = (line: string, headers: Record<string, string> = {}) =>
    rawExchange(service, requestHead(service, line, { Connection: 'close', ...headers }));
  const visible = (url: string): string => url.replaceAll(/[^\x21-\x7e]/g, encodeURIComponent);
  const names = ['Host', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Proto', 'Origin', 'Via'];
  const more = ['Link', 'Location', 'From', 'True-Client-IP', 'X-Wap-Profile', 'Proxy'];
  return [
    ...[...names, ...more].map((name) => ({
      place: `header ${name}`,
      send: (url: string) => exchange('GET /v1/files', { [name]: visible(url) }),
    })),
    { place: 'absolute form', send: (url) => exchange(`GET ${visible(url)}`) },
    { place: 'a tunnel', send: (url) => exchange(`CONNECT ${visible(url)}`) },
  ];
}

/** Where the process has connected to or looked something up, once each. */
const outbound = async (): Promise<string[]> => [
  ...new Set((await readFile(log, 'utf8')).trimEnd().split('\n')),
];

describe('the service', () => {
  it('connects to nothing and looks nothing up, whatever URLs it is sent', async () => {
    const atStart = await outbound();
    const spellings = shuffled(ssrfSpellings(canary.port));
    expect(spellings).toHaveLength(80);
    let turn = 0;
    for (const { place: where, send } of sinks) {
      const tried = IS_FULL ? spellings : [spellings[(turn += 1) % 80]!];
      for (const url of tried) {
        const answer = await send(url);
        const what = `${where}: ${url}`;
        expect([what, answer !== null && answer.status < 500]).toEqual([what, true]);
        expect(answer!.body.toString()).not.toBe('canary');
      }
    }
    expect(canary.connections()).toBe(0);
    expect(await outbound()).toEqual(atStart);
    // The address that it listens on, and the database, by its socket.
    const { searchParams, port } = new URL(place.settings.DATABASE_URL);
    expect(atStart.toSorted()).toEqual([
      expect.stringMatching(`^connect .*${searchParams.get('host')}/.s.PGSQL.${port}"`),
      'look up "127.0.0.1"',
    ]);
  }, 900_000);

  it('would have been seen', async () => {
    const script = `await fetch('http://localhost:${canary.port}/').catch(() => 0)`;
    const child = spawn(process.execPath, ['--import', HOOK, '--input-type=module', '-e', script], {
      env: { OUTBOUND_LOG: log },
    });
    await once(child, 'exit');
    const seen = (await outbound()).filter((line) => line.includes('localhost'));
    expect(seen.map((line) => line.split(' ', 1)[0])).toEqual(
      expect.arrayContaining(['connect', 'look']),
    );
    expect(canary.connections()).toBe(1);
  });
});
