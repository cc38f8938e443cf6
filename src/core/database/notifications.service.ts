import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { DatabaseAddress } from './data-source.options.js';
import { managerOf, type Transaction } from './unit-of-work.js';

export const DATABASE_ADDRESS = Symbol('DatabaseAddress');

/** `null`: anything may have happened, since nothing was heard for a while. */
export type NotificationHandler = (payload: string | null) => void;

const CHANNEL = /^[a-z][a-z_]{0,62}$/;
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
const MAX_START_MS = 2_000;

/**
 * Tells every process on this database what a transaction of one of them has changed, the moment it
 * is committed: LISTEN and NOTIFY, on a connection of its own beside the pool. For what processes
 * remember, never for what must happen: a process hears nothing while it has no connection, and
 * nothing at all through a pooler that hands sessions round. So whatever is remembered has an end
 * of its own as well.
 */
@Injectable()
export class DatabaseNotifications implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(DatabaseNotifications.name);
  private readonly handlers = new Map<string, NotificationHandler[]>();
  private readonly stopping = new AbortController();
  private client: pg.Client | null = null;
  private running: Promise<void> | null = null;

  constructor(@Inject(DATABASE_ADDRESS) private readonly address: DatabaseAddress) {}

  /**
   * Has `handler` called with every payload of this channel, those of this process too, and with
   * `null` after each time that a connection was made. Call it before the application has started.
   */
  subscribe(channel: string, handler: NotificationHandler): void {
    // It goes into a statement that takes no parameters.
    if (!CHANNEL.test(channel)) throw new Error(`${channel} is no name of a channel.`);
    this.handlers.set(channel, [...(this.handlers.get(channel) ?? []), handler]);
  }

  /**
   * Tells it when the transaction is committed, and not when it is rolled back. The same payload is
   * told once in a transaction. Commits that tell something wait for each other: for rare changes.
   * @param payload less than 8,000 bytes
   */
  async notify(tx: Transaction, channel: string, payload: string): Promise<void> {
    await managerOf(tx).query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  /** Waits a moment: what was remembered before it begins to listen would have to be forgotten again. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.handlers.size === 0) return;
    const begun = new Promise<void>((resolve) => {
      this.running = this.run(resolve);
    });
    const { signal } = this.stopping;
    await Promise.race([begun, delay(MAX_START_MS, undefined, { signal, ref: false })]);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.client?.end().catch(() => undefined);
    await this.running;
  }

  /** Listens until the application stops. @param begun is called when it listens, or can't */
  private async run(begun: () => void): Promise<void> {
    const { signal } = this.stopping;
    for (let pause = MIN_PAUSE_MS; !signal.aborted;) {
      try {
        await this.listen(() => {
          pause = MIN_PAUSE_MS;
          begun();
        });
        if (!signal.aborted) this.logger.warn('The connection for notifications was lost.');
      } catch (error) {
        if (!signal.aborted) {
          this.logger.warn({ err: error }, 'Notifications of the database cannot be had.');
        }
        begun();
      }
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
      pause = Math.min(pause * 2, MAX_PAUSE_MS);
    }
  }

  /** One connection, until it ends. */
  private async listen(connected: () => void): Promise<void> {
    const client = new pg.Client({
      ...('url' in this.address ? { connectionString: this.address.url } : this.address),
      // Not that of the pool, whose connections are counted by this name.
      application_name: 'stratum-listen',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
    });
    this.client = client;
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', () => resolve());
    });
    client.on('notification', ({ channel, payload }) => this.tell(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of this.handlers.keys()) await client.query(`LISTEN ${channel}`);
      for (const channel of this.handlers.keys()) this.tell(channel, null);
      connected();
      if (!this.stopping.signal.aborted) await ended;
    } finally {
      this.client = null;
      await client.end().catch(() => undefined);
    }
  }

  private tell(channel: string, payload: string | null): void {
    for (const handler of this.handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        this.logger.error({ err: error, channel }, 'A handler of a notification failed.');
      }
    }
  }
}
