import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { dataSourceOptions, type DatabaseAddress } from './data-source.options.js';
import { UnitOfWork } from './unit-of-work.js';

/** Then a transaction that still runs is broken off. */
const MOVE_PATIENCE_MS = 10_000;

/**
 * For commands: transactions on a database without an application around it, which may move to another
 * server between two of them. Statements may take as long as they take.
 */
export class StandaloneUnitOfWork extends UnitOfWork {
  private readonly running = new Set<Promise<unknown>>();
  private settled: Promise<void> = Promise.resolve();

  static async open(address: DatabaseAddress): Promise<StandaloneUnitOfWork> {
    return new StandaloneUnitOfWork(await connect(address));
  }

  override async run<T>(...work: Parameters<UnitOfWork['run']>): Promise<T> {
    await this.settled;
    const done = super.run(...work);
    this.running.add(done);
    try {
      return (await done) as T;
    } finally {
      this.running.delete(done);
    }
  }

  /**
   * Waits for the transactions that run, and lets no other begin until it is on the server that `move`
   * finds. When that fails, they fail with its error.
   */
  async moveTo(move: () => Promise<DatabaseAddress>): Promise<void> {
    this.settled = this.reconnect(move);
    await this.settled;
  }

  async close(): Promise<void> {
    await this.settled.catch(() => undefined);
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  private async reconnect(move: () => Promise<DatabaseAddress>): Promise<void> {
    const patience = new AbortController();
    const late = delay(MOVE_PATIENCE_MS, undefined, { signal: patience.signal, ref: false });
    await Promise.race([Promise.allSettled(this.running), late.catch(() => undefined)]);
    patience.abort();
    // Both at once: the pool waits for a session that only the end of the server may end.
    const [address] = await Promise.all([move(), this.dataSource.destroy()]);
    this.dataSource = await connect(address);
  }
}

async function connect(address: DatabaseAddress): Promise<DataSource> {
  return await new DataSource(
    dataSourceOptions({ address, poolSize: 2, timeouts: false }),
  ).initialize();
}
