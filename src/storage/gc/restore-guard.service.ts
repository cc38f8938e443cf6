import { Readable } from 'node:stream';
import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { StorageFullError } from '../../core/errors/index.js';
import { GcStateRepository } from './gc-state.repository.js';
import { GC_MARKS_PREFIX, markOf, newToken, pathOf, type Mark } from './marks.js';

/** What the store and the database say of each other. */
export interface Standing {
  /** Why the database seems to have gone back, in words; `null`: it has not. */
  restored: string | null;
  /** The highest number of a mark in the store. */
  highest: number;
  /** The store does not know yet how far the database has got. */
  needsMark: boolean;
}

/**
 * Finds out that the database has gone back to an earlier state while the bytes have not: what it takes
 * for garbage then may be what was stored since. The database counts marks, and each is an object in the
 * store: the count is committed before its mark is written, so a mark that the database does not know
 * was written by a later state of it, or by another database. docs/decisions/0021.
 */
@Injectable()
export class RestoreGuard {
  private readonly logger = new Logger(RestoreGuard.name);

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    private readonly state: GcStateRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async look(): Promise<Standing> {
    // The store first: whatever mark is seen, the database knew of it before, and knows it now.
    const staged = await this.marksAmong(this.backend.listStaged());
    const written = await this.marksAmong(this.backend.listFiles(GC_MARKS_PREFIX));
    // What was staged of a mark tells as much as the mark does.
    const seen = [...staged, ...written];
    const {
      mark: own,
      isSameServer,
      hasMovedOn,
    } = await this.unitOfWork.run((tx) => this.state.read(tx));
    const highest = Math.max(0, ...seen.map(({ number }) => number));
    const isOwn = ({ number, token }: Mark): boolean =>
      number === own?.number && token === own.token;
    const isStrange = seen.some((mark) => mark.number >= (own?.number ?? 0) && !isOwn(mark));
    return {
      restored: isStrange ? WENT_BACK : isSameServer ? null : OTHER_SERVER,
      highest,
      needsMark: hasMovedOn || !written.some(isOwn),
    };
  }

  /**
   * Lets the store know how far the database has got. Killed between the count and the mark, it leaves a
   * database that is ahead of the store, which is no fault: the next turn writes another.
   * @param accepted what `look` has found, when an operator has said that this database counts
   */
  async mark(accepted: Standing | null): Promise<void> {
    const mark = await this.unitOfWork.run((tx) =>
      this.state.advance(tx, newToken(), accepted ? accepted.highest : null),
    );
    try {
      await this.backend.writeStream(
        pathOf(mark),
        Readable.from([`${new Date().toISOString()}\n`]),
      );
    } catch (error) {
      // On a full disk nothing can be marked, and to remove is what helps.
      if (error instanceof StorageFullError) {
        this.logger.warn({ err: error }, 'There is no space for a mark of the collector.');
        return;
      }
      // Another collector that has come further may have removed what was staged for this one.
      const { mark: latest } = await this.unitOfWork.run((tx) => this.state.read(tx));
      if (!latest || latest.number <= mark.number) throw error;
    }
    await this.removeBefore(mark);
  }

  private async marksAmong(listing: AsyncIterable<string | { path: string }>): Promise<Mark[]> {
    const marks: Mark[] = [];
    for await (const listed of listing) {
      const mark = markOf(typeof listed === 'string' ? listed : listed.path);
      if (mark) marks.push(mark);
    }
    return marks;
  }

  /** Earlier marks, and what killed processes have staged of them. What stays goes the next time. */
  private async removeBefore({ number }: Mark): Promise<void> {
    try {
      const old = new Set<string>();
      const note = (path: string): void => {
        if ((markOf(path)?.number ?? number) < number) old.add(path);
      };
      for await (const { path } of this.backend.listFiles(GC_MARKS_PREFIX)) note(path);
      for await (const path of this.backend.listStaged()) note(path);
      for (const path of old) await this.backend.deleteFile(path);
    } catch (error) {
      this.logger.warn({ err: error }, 'An old mark of the collector is left for its next turn.');
    }
  }
}

const REMEDY =
  'Nothing is removed until an operator says that this database counts: npm run fsck shows what is missing, npm run gc -- --accept-restore goes on.';
const WENT_BACK = `The store has seen a later state of this database, or another database: it was restored to an earlier point. ${REMEDY}`;
const OTHER_SERVER = `The database was moved to another PostgreSQL, recovered to a point in time, or taken over by a standby: it may be at an earlier point. ${REMEDY}`;
