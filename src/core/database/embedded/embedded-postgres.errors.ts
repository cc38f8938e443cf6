import type { OwnerAnswer } from './embedded-postgres.types.js';

/** Another process owns the data folder. */
export class DataFolderInUseError extends Error {
  /** Absent when the owner holds the folder but does not answer (stopped, or badly overloaded). */
  readonly pid?: number;
  readonly startedAt?: string;
  /** What the owner says of itself. */
  readonly holder: Record<string, unknown>;

  constructor(dataDir: string, answer?: OwnerAnswer) {
    const address = answer?.self.address;
    const place = typeof address === 'string' ? ` at ${address}` : '';
    super(
      answer
        ? `The data folder ${dataDir} is in use by process ${answer.pid}${place} (${answer.state}), started at ${answer.startedAt}.`
        : `The data folder ${dataDir} is in use by a process that does not answer.`,
    );
    this.name = 'DataFolderInUseError';
    this.pid = answer?.pid;
    this.startedAt = answer?.startedAt;
    this.holder = answer?.self ?? {};
  }
}

/** The embedded PostgreSQL can't run here at all: set `DATABASE_URL` to use a server. */
export class EmbeddedPostgresUnavailableError extends Error {
  constructor(reason: string, cause?: unknown) {
    super(
      `The embedded PostgreSQL can't run here: ${reason} Set DATABASE_URL to use a PostgreSQL server instead.`,
      { cause },
    );
    this.name = 'EmbeddedPostgresUnavailableError';
  }
}

/** initdb or the server failed; `logTail` holds the last lines it wrote. */
export class EmbeddedPostgresFailedError extends Error {
  readonly logTail: string;

  constructor(reason: string, logTail = '', cause?: unknown) {
    super(logTail ? `${reason}\n${logTail}` : reason, { cause });
    this.name = 'EmbeddedPostgresFailedError';
    this.logTail = logTail;
  }
}
