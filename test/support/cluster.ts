import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import type { Api } from './api.js';
import { startTestApp, type TestApp } from './app.js';
import { outcomeOf, sha256Of, type History, type Outcome } from './history.js';
import { breaches, diskStore, quiesce } from './invariants.js';
import { storeByParts } from './tus.js';
import { startService, type Service, type ServiceOptions } from './service.js';

/** No delay for people who change their mind: what is given up may go at once. */
export const NO_GRACE = {
  GC_GRACE_SECONDS: '0',
  GC_RETAIN_SECONDS: '0',
  UPLOAD_LEASE_SECONDS: '1',
};

/** Replicas over one database and one data folder; one of them, in this process, never fails. */
export interface Cluster {
  steady: TestApp;
  /** Another replica, as a process of its own. */
  start(settings?: Record<string, string>, options?: ServiceOptions): Promise<Service>;
  collect(): Promise<unknown>;
  /** Has everything collected, then tells what is wrong. Nothing else may be running. */
  breachesAtRest(): Promise<string[]>;
  references(sha256: string): Promise<number>;
  /** Kills every process that is still there. */
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const steady = await startTestApp(NO_GRACE);
  const { database, env } = steady;
  const services: Service[] = [];
  const collector = steady.app.get(GarbageCollector, { strict: false });
  const collect = (): Promise<unknown> => collector.collect();
  return {
    steady,
    collect,
    start: async (settings = {}, options = {}) => {
      const place = {
        DATABASE_URL: database.url,
        STRATUM_DATA_DIR: env.STRATUM_DATA_DIR,
        DATABASE_POOL_SIZE: '5',
        ...NO_GRACE,
      };
      const service = await startService({ ...place, ...settings }, options);
      services.push(service);
      return service;
    },
    breachesAtRest: async () => {
      await quiesce(database, collect);
      return await breaches(database, diskStore(join(env.STRATUM_DATA_DIR, 'storage')));
    },
    references: async (sha256) => {
      const [row] = await database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM file_references r JOIN files f ON f.id = r.file_id
         WHERE f.content_hash = $1`,
        [sha256],
      );
      return row?.count ?? 0;
    },
    stop: async () => {
      await Promise.all(services.map((service) => service.kill()));
      await steady.stop();
    },
  };
}

export interface ClientOptions {
  /** The replica to ask next. */
  pick(): Api;
  history: History;
  random: () => number;
  /** Makes its contents differ from those of all other clients. */
  name: string;
  isOver(): boolean;
}

const MAX_BYTES = 70_000;

/** A client that stores contents of its own, gives some up, and writes down what it was told. */
export async function runClient(options: ClientOptions): Promise<void> {
  const { history, random } = options;
  const held = new Map<string, number>();
  const contents: Uint8Array[] = [];
  while (!options.isOver()) {
    const [given] = held;
    if (given && random() < 0.35) {
      const [sha256, id] = given;
      held.delete(sha256);
      const [outcome] = await outcomeOf(
        options.pick().fetch(`/v1/files/${id}`, { method: 'DELETE' }),
      );
      history.record('delete', sha256, outcome);
      if (outcome !== 'ok') await delay(20);
      continue;
    }
    const again = contents[Math.floor(random() * contents.length)];
    const content =
      again && random() < 0.4 ? again : newContent(options.name, contents.length, random());
    if (content !== again) contents.push(content);
    const sha256 = sha256Of(content);
    const [outcome, id] = await store(options, content);
    history.record('upload', sha256, outcome);
    if (outcome !== 'ok') await delay(20);
    if (id !== null) held.set(sha256, id);
  }
}

/** One in four by parts. What its file is called is not always known, even when it is stored. */
async function store(
  options: ClientOptions,
  content: Uint8Array,
): Promise<[Outcome, number | null]> {
  const { random } = options;
  if (random() < 0.25) {
    const id = await storeByParts(() => options.pick(), content, random).catch(() => null);
    return [id === null ? 'unknown' : 'ok', id];
  }
  const [outcome, answer] = await outcomeOf(options.pick().upload(content));
  // Of an answer that broke off the status is known, so the upload is.
  const file = (await answer?.json().catch(() => null)) as { id?: number } | null | undefined;
  return [outcome, (outcome === 'ok' && file?.id) || null];
}

function newContent(name: string, number: number, random: number): Uint8Array {
  const head = Buffer.from(`${name} ${number} `);
  return Buffer.concat([head, Buffer.alloc(Math.floor(random * MAX_BYTES), number % 251)]);
}
