/** Where a client finds the server: `host` is the folder of its Unix socket. */
export interface PostgresConnection {
  host: string;
  port: number;
  user: string;
  database: string;
}

/** A server that ends before `stop` is started again at the same connection. */
export interface EmbeddedPostgres {
  readonly connection: PostgresConnection;
  /** False when the server belongs to another process, which may stop it at any time. */
  readonly owned: boolean;
  /**
   * Ends an owned server by a fast shutdown and gives the data folder up; does nothing to a shared
   * one. May be called twice. Close the clients first: what they still run is rolled back.
   */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made if absent. */
  dataDir: string;
  log: (message: string) => void;
  /** What a second starter is told of this process; asked for at that moment. */
  describe?: () => Record<string, unknown>;
  /**
   * A service wants the data folder: it waits until `stop` has given it up. May be called often. Without
   * this the service is refused.
   */
  onYield?: () => void;
}

/**
 * The life of an owner, as its control socket tells it: `starting` again, too, while a server that
 * ended is brought back.
 */
export type OwnerState = 'starting' | 'ready' | 'stopping';

/** The one JSON line that the control socket of a data folder answers. */
export interface OwnerAnswer {
  pid: number;
  startedAt: string;
  state: OwnerState;
  /** Present when `state` is `ready`. */
  connection?: PostgresConnection;
  /** It gives the data folder up to a service that asks. */
  yields?: boolean;
  self: Record<string, unknown>;
}
