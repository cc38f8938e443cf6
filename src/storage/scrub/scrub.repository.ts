import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { FileId } from '../../core/contracts/ids.js';
import { StoredFile, type FileHealth } from '../entities/stored-file.entity.js';

/** A file whose bytes this process is to read. */
export interface ClaimedFile {
  id: FileId;
  contentHash: string;
  size: number;
  storageKey: string;
}

/** Whose turn it is, shared by all replicas. Each method is one statement. */
@Injectable()
export class ScrubRepository {
  constructor(@InjectRepository(StoredFile) private readonly files: Repository<StoredFile>) {}

  /**
   * The next file to read, marked as `unchecked` until it is `finish`ed: first one whose reader has
   * died, then the one that was verified longest ago. Two replicas never get the same one.
   * @param bytesPerSecond by which the time is reckoned after which the reader is taken for dead
   */
  async claim(
    backend: string,
    intervalDays: number,
    bytesPerSecond: number,
  ): Promise<ClaimedFile | null> {
    const [rows] = (await this.files.query(
      `UPDATE files f SET health = 'unchecked',
         scrub_until = now() + make_interval(secs => 300 + 4.0 * f.size_bytes / $3::float8)
       WHERE f.id = coalesce(
         (SELECT id FROM files WHERE health = 'unchecked' AND backend = $1
            AND (scrub_until IS NULL OR scrub_until < now())
          ORDER BY scrub_until NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED),
         (SELECT id FROM files WHERE health = 'ok' AND backend = $1
            AND coalesce(last_verified_at, created_at) <= now() - make_interval(days => $2)
          ORDER BY coalesce(last_verified_at, created_at) LIMIT 1 FOR UPDATE SKIP LOCKED))
       RETURNING f.id, f.content_hash AS "contentHash", f.size_bytes::float8 AS size,
         f.storage_key AS "storageKey"`,
      [backend, intervalDays, bytesPerSecond],
    )) as [ClaimedFile[], number];
    return rows[0] ?? null;
  }

  /** What was found of the bytes. `false`: the file was healed or removed meanwhile, or a reader knew more. */
  async finish({ id, storageKey }: ClaimedFile, found: FileHealth): Promise<boolean> {
    const [, count] = (await this.files.query(
      `UPDATE files SET health = $3::varchar, scrub_until = NULL,
         last_verified_at = CASE WHEN $3::varchar = 'ok' THEN now() ELSE last_verified_at END
       WHERE id = $1 AND storage_key = $2 AND health = 'unchecked'`,
      [id, storageKey, found],
    )) as [unknown, number];
    return count > 0;
  }

  /** It was not read to its end: somebody else may, after this many seconds. */
  async giveBack({ id, storageKey }: ClaimedFile, seconds: number): Promise<void> {
    await this.files.query(
      `UPDATE files SET scrub_until = now() + make_interval(secs => $3)
       WHERE id = $1 AND storage_key = $2 AND health = 'unchecked'`,
      [id, storageKey, seconds],
    );
  }
}
