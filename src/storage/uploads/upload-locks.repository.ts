import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { ENV, type Env } from '../../core/config/config.js';
import type { StagedPoint, StagedState } from '../../core/contracts/storage-backend.contract.js';
import type { PrincipalId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { Upload } from './entities/upload.entity.js';

export interface LockAttempt {
  /** Somebody else has it, and was asked to let go. */
  isHeld: boolean;
  /** Whoever had it last. */
  previous: string | null;
  /** That one never let go: its time ran out, and it may wake up and write. */
  hasLapsed: boolean;
}

/** Who writes to an upload: one at a time, by a lease in its row. All times are the database's. */
@Injectable()
export class UploadLocksRepository {
  constructor(
    @InjectRepository(Upload) private readonly uploads: Repository<Upload>,
    @Inject(ENV) private readonly env: Pick<Env, 'UPLOAD_EXPIRES_SECONDS'>,
  ) {}

  /** @param ownerId `null`: whoever has it */
  async take(
    ownerId: PrincipalId | null,
    id: string,
    token: string,
    seconds: number,
  ): Promise<LockAttempt | null> {
    const [row] = (await this.uploads.query(
      `WITH old AS (
         SELECT id, lock_token, lock_until, coalesce(lock_until >= now(), false) AS held
         FROM uploads WHERE id = $1 AND ($2::uuid IS NULL OR owner_id = $2) FOR UPDATE
       ), u AS (
         UPDATE uploads SET
           lock_token = CASE WHEN held THEN uploads.lock_token ELSE $3::uuid END,
           lock_until = CASE WHEN held THEN uploads.lock_until
                             ELSE now() + make_interval(secs => $4) END,
           release_asked = held
         FROM old WHERE uploads.id = old.id
         RETURNING held, old.lock_token AS previous, old.lock_until AS previous_until
       )
       SELECT held AS "isHeld", previous, previous_until IS NOT NULL AS "hasLapsed" FROM u`,
      [id, ownerId, token, seconds],
    )) as LockAttempt[];
    return row ?? null;
  }

  /**
   * Holds the lock for as long again; with a point, its offset moves there. `null`: the lock is lost, or the
   * upload is over.
   * @param brings bytes: the upload is kept for as long again, too
   */
  async renew(
    id: string,
    token: string,
    seconds: number,
    point: StagedPoint | null,
    brings: boolean,
  ): Promise<{ isReleaseAsked: boolean } | null> {
    const [row] = (await this.uploads.query(
      `WITH moved AS (
         UPDATE uploads SET
           lock_until = now() + make_interval(secs => $3),
           expires_at = CASE WHEN $7 THEN now() + make_interval(secs => $4) ELSE expires_at END,
           upload_offset = coalesce($5, upload_offset),
           backend_state = CASE WHEN $5::bigint IS NULL THEN backend_state ELSE $6::jsonb END
         WHERE id = $1 AND lock_token = $2 AND lock_until IS NOT NULL AND file_id IS NULL
           AND EXISTS (SELECT FROM storage_intents i
             WHERE i.id = uploads.id AND i.kind = 'write' AND i.lease_until > now())
         RETURNING id, expires_at, release_asked
       ), kept AS (
         UPDATE storage_intents i SET lease_until = moved.expires_at
         FROM moved WHERE i.id = moved.id AND i.kind = 'write' RETURNING i.id
       )
       SELECT release_asked AS "isReleaseAsked" FROM moved JOIN kept ON kept.id = moved.id`,
      [
        id,
        token,
        seconds,
        this.env.UPLOAD_EXPIRES_SECONDS,
        point?.size ?? null,
        point?.state ? JSON.stringify(point.state) : null,
        brings,
      ],
    )) as { isReleaseAsked: boolean }[];
    return row ?? null;
  }

  /** A length that was not known. `false`: the lock is lost. */
  async setLength(id: string, token: string, length: number): Promise<boolean> {
    const [, count] = (await this.uploads.query(
      `UPDATE uploads SET upload_length = $3
       WHERE id = $1 AND lock_token = $2 AND file_id IS NULL AND upload_length IS NULL`,
      [id, token, length],
    )) as [unknown, number];
    return count === 1;
  }

  /**
   * Whether the lock is held, and it stays so until the transaction ends.
   * @param state of the bytes from now on, when it changes
   */
  async keep(tx: Transaction, id: string, token: string, state?: StagedState): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(
      `UPDATE uploads SET backend_state = CASE WHEN $3 THEN $4::jsonb ELSE backend_state END
       WHERE id = $1 AND lock_token = $2 AND file_id IS NULL`,
      [id, token, state !== undefined, state ? JSON.stringify(state) : null],
    )) as [unknown, number];
    return count === 1;
  }

  /** @param isClean nobody can write to the bytes any more; otherwise the lock looks as if it had lapsed */
  async release(id: string, token: string, isClean: boolean): Promise<void> {
    await this.uploads.query(
      `UPDATE uploads SET lock_until = CASE WHEN NOT $3 THEN now() - interval '1 second' END
       WHERE id = $1 AND lock_token = $2`,
      [id, token, isClean],
    );
  }
}
