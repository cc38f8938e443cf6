import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { unconnected } from './pg-errors.js';

type PostgresConnectionOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** Where PostgreSQL is: a URL, or the folder of a unix socket. */
export type DatabaseAddress =
  { url: string } | { host: string; port: number; user: string; database: string };

export interface DataSourceSettings {
  address: DatabaseAddress;
  poolSize: number;
  /** Off for migrations, which may take as long as they take. */
  timeouts: boolean;
}

type Connected = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/**
 * A client that outlives the end of its session. Pool and TypeORM listen for errors by turns, with
 * a moment in between; an error in that moment, which nobody hears, would end the process. Whoever
 * has the client is told all the same: its next query fails.
 */
class UnbreakableClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }

  /** Whatever keeps it from connecting counts as that, also what a socket says in the middle of it. */
  override connect(): Promise<pg.Client>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.Client> | void {
    if (!callback) {
      return super.connect().catch((error: Error) => {
        throw unconnected(error);
      });
    }
    const told = callback as (error: Error | null, client?: pg.Client) => void;
    super.connect((error: Error | null, client?: pg.Client) =>
      told(error && unconnected(error), client),
    );
  }
}

/**
 * TypeORM options without entities: modules register their own, `ormconfig.ts` adds all of them.
 * The timeouts bound what one request can cost others: a lock, a statement, an idle transaction.
 */
export function dataSourceOptions(settings: DataSourceSettings): PostgresConnectionOptions {
  const { address, poolSize, timeouts } = settings;
  return {
    type: 'postgres',
    ...('url' in address
      ? { url: address.url }
      : {
          host: address.host,
          port: address.port,
          username: address.user,
          database: address.database,
        }),
    applicationName: 'stratum',
    // gen_random_uuid() is built in since PostgreSQL 13; extensions are made by migrations.
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    extra: {
      Client: UnbreakableClient,
      max: poolSize,
      connectionTimeoutMillis: 10_000,
      ...(timeouts && {
        lock_timeout: 3_000,
        statement_timeout: 30_000,
        idle_in_transaction_session_timeout: 30_000,
      }),
    },
  };
}
