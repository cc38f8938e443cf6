import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { EmbeddedPostgresUnavailableError } from './embedded-postgres.errors.js';

const SQLITE_BUSY = 5;

/**
 * The right to a data folder, held until `release` or the end of the process, however it ends.
 *
 * A stale socket can't be replaced without a race (two starters find it dead, and the slower one
 * unlinks the faster one's), so the kernel arbitrates. Node has no lock call of its own except
 * SQLite's, an fcntl lock on an empty file. Such a lock has one trap: the process loses it by
 * closing any other descriptor of the file. Nothing else in this process may open `owner.lock`.
 */
export class DataFolderLock {
  private constructor(private readonly database: DatabaseSync) {}

  /** Undefined when another process holds it. Never waits. */
  static tryAcquire(dataDir: string): DataFolderLock | undefined {
    const sqlite = process.getBuiltinModule('node:sqlite') as
      typeof import('node:sqlite') | undefined;
    if (!sqlite) throw new EmbeddedPostgresUnavailableError('this Node.js lacks node:sqlite.');
    const path = join(dataDir, 'owner.lock');
    makePrivateFile(path);
    let database: DatabaseSync | undefined;
    try {
      database = new sqlite.DatabaseSync(path);
      // No journal file: the transaction is never committed.
      database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new DataFolderLock(database);
    } catch (error) {
      database?.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
      throw new EmbeddedPostgresUnavailableError(
        `${path} can't be locked (made by another user, or on a file system without locks?).`,
        error,
      );
    }
  }

  release(): void {
    if (this.database.isOpen) this.database.close();
  }
}

/**
 * 0600, since whoever can read the file can lock it and so keep us from starting. Only the maker
 * closes a descriptor, in one go, before anything of this process can have locked the file.
 */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
