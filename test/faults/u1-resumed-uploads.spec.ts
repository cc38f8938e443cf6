import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startCluster, type Cluster } from '../support/cluster.js';
import { FaultPart, IS_FULL } from '../support/faults/part.js';
import { residentBytes } from '../support/resident-memory.js';
import type { Service } from '../support/service.js';

const part = new FaultPart('U1', 'kills of one upload', { short: 3, full: 30 });
const MIB = 1024 * 1024;
const SIZE = (IS_FULL ? 4096 : 96) * MIB;
const PART_BYTES = (IS_FULL ? 64 : 8) * MIB;
const PAUSE_MS = IS_FULL ? { atLeast: 1_000, more: 4_000 } : { atLeast: 100, more: 300 };
const ALLOWED_GROWTH = 150 * MIB;
const CLIENT = join(import.meta.dirname, '../support/faults/tus-client.mjs');

let cluster: Cluster;
let folder: string;
let source: { path: string; sha256: string };
beforeAll(async () => {
  cluster = await startCluster();
  folder = await mkdtemp(join(tmpdir(), 'stratum-resumed-'));
  source = await writeSource(join(folder, 'large.bin'));
}, 120_000);
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

/** No two blocks are the same: one in another's place would show in the hash. */
async function writeSource(path: string): Promise<{ path: string; sha256: string }> {
  const hash = createHash('sha256');
  const handle = await open(path, 'w');
  const block = randomBytes(MIB);
  for (let number = 0; number < SIZE / MIB; number += 1) {
    block.writeUInt32BE(number);
    hash.update(block);
    await handle.write(block);
  }
  await handle.close();
  return { path, sha256: hash.digest('hex') };
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

/** The server and the client, each of which is started anew when it was killed. */
class Pair {
  server: Service;
  fileId: number | null = null;
  isClientRunning = false;
  peak = 0;
  private client: ChildProcess;
  private clientEnd: Promise<unknown>;
  private output = '';
  private idle = 0;

  constructor(private readonly port: string) {}

  async startServer(): Promise<void> {
    this.server = await cluster.start({ PORT: this.port, UPLOAD_LEASE_SECONDS: '60' });
    // Code that is loaded at the first requests is no growth.
    await this.server.upload('warm up');
    this.idle = await residentBytes(this.server.process.pid as number);
  }

  startClient(): void {
    const { url, key } = this.server;
    const memory = join(folder, 'memory.json');
    const env = { PATH: process.env['PATH'], STRATUM_KEY: key, PART_BYTES: String(PART_BYTES) };
    this.client = spawn(process.execPath, [CLIENT, `${url}/v1/uploads`, source.path, memory], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.output = '';
    this.isClientRunning = true;
    // Not at its exit: what it printed last is read after that.
    this.clientEnd = once(this.client, 'close').finally(() => (this.isClientRunning = false));
    this.client.stdout?.on('data', (chunk) => {
      this.output += chunk;
      const [, id] = /^(\d+)\n/.exec(this.output) ?? [];
      if (id) this.fileId = Number(id);
    });
  }

  async killClient(): Promise<void> {
    this.client.kill('SIGKILL');
    await this.clientEnd;
  }

  async killServer(): Promise<void> {
    await this.server.kill('SIGKILL');
    // A dead process's lock runs out by itself, in 15 seconds: a short run does not wait for it.
    if (IS_FULL) return;
    await cluster.steady.database.query('UPDATE uploads SET lock_until = now()');
  }

  /** How much it has grown since its start. */
  async measure(): Promise<void> {
    const bytes = await residentBytes(this.server.process.pid as number).catch(() => NaN);
    if (bytes > 0) this.peak = Math.max(this.peak, bytes - this.idle);
  }
}

it('ends with the right hash, whoever is killed on the way, and in bounded memory', async () => {
  const { done } = await part.play(async (random) => {
    const pair = new Pair(await freePort());
    await pair.startServer();
    pair.startClient();
    const killed = { clients: 0, servers: 0 };
    while (pair.fileId === null) {
      const kills = killed.clients + killed.servers;
      const until = performance.now() + PAUSE_MS.atLeast + random() * PAUSE_MS.more;
      while (pair.fileId === null && (performance.now() < until || kills >= part.goal)) {
        await Promise.all([pair.measure(), delay(100)]);
        expect(pair.fileId !== null || pair.isClientRunning).toBe(true);
      }
      if (pair.fileId !== null) break;
      // The first two are one of each.
      if (kills === 0 || (kills > 1 && random() < 0.5)) {
        await pair.killClient();
        killed.clients += 1;
        pair.startClient();
      } else {
        await pair.killServer();
        killed.servers += 1;
        await pair.startServer();
      }
    }
    expect(await cluster.steady.json(200, `/v1/files/${pair.fileId}`)).toMatchObject({
      contentHash: `sha256:${source.sha256}`,
      size: SIZE,
    });
    expect(pair.peak).toBeLessThan(ALLOWED_GROWTH);
    await pair.server.kill('SIGKILL');
    // The independent checker reads and hashes what lies on the disk.
    expect(await cluster.breachesAtRest()).toEqual([]);
    await cluster.steady.fetch(`/v1/files/${pair.fileId}`, { method: 'DELETE' });
    await cluster.breachesAtRest();
    await rm(join(folder, 'memory.json'), { force: true });
    const { clients, servers } = killed;
    return {
      faults: clients + servers,
      figures: {
        clients,
        servers,
        GiB: SIZE / 1024 ** 3,
        'MiB grown at most': Math.ceil(pair.peak / MIB),
      },
    };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 3_600_000);
