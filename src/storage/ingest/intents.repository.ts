import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { isSwitchedOff } from '../../core/faults/fault-switches.js';
import { StorageIntent } from '../entities/storage-intent.entity.js';

/** Storage intents of uploads. All times are the database's: replicas' clocks differ. */
@Injectable()
export class IntentsRepository {
  constructor(
    @InjectRepository(StorageIntent) private readonly intents: Repository<StorageIntent>,
  ) {}

  /** Names an object before its first byte. Committed when it returns. */
  async openWrite(intent: {
    id: string;
    backend: string;
    storageKey: string;
    leaseSeconds: number;
  }): Promise<void> {
    await this.intents.query(
      `INSERT INTO storage_intents (id, kind, backend, storage_key, lease_until)
       VALUES ($1, 'write', $2, $3, now() + make_interval(secs => $4))`,
      [intent.id, intent.backend, intent.storageKey, intent.leaseSeconds],
    );
  }

  /**
   * Renews the leases of live uploads; the ids that are not returned have been fenced. A row that
   * is locked belongs to a transaction that publishes it and renews it itself: waiting for it could
   * close a circle with a request that publishes several.
   */
  async renew(ids: readonly string[], leaseSeconds: number): Promise<Set<string>> {
    const rows = (await this.intents.query(
      `WITH free AS (
         SELECT id FROM storage_intents WHERE id = ANY($1) AND kind = 'write'
         FOR UPDATE SKIP LOCKED
       ), renewed AS (
         UPDATE storage_intents i SET lease_until = now() + make_interval(secs => $2)
         FROM free WHERE i.id = free.id
       )
       SELECT id FROM storage_intents WHERE id = ANY($1) AND kind = 'write'`,
      [ids, leaseSeconds],
    )) as { id: string }[];
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Locks the intent of an upload until the transaction ends and renews its lease, so that what
   * follows the commit is still covered. `false`: the upload was fenced.
   */
  async lockWrite(tx: Transaction, id: string, leaseSeconds: number): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(
      `UPDATE storage_intents SET lease_until = now() + make_interval(secs => $2)
       WHERE id = $1 AND kind = 'write'`,
      [id, leaseSeconds],
    )) as [unknown, number];
    return count === 1 || isSwitchedOff('fence');
  }

  async remove(tx: Transaction, id: string): Promise<void> {
    await managerOf(tx).query('DELETE FROM storage_intents WHERE id = $1', [id]);
  }

  /** As `remove`, in a statement of its own. */
  async forget(id: string): Promise<void> {
    await this.intents.query('DELETE FROM storage_intents WHERE id = $1', [id]);
  }

  /**
   * Takes an upload back, so that no transaction can publish it any more. It waits for one that
   * may still be at it. `false`: it was published, or the reaper has it; its bytes are not ours.
   */
  async fence(id: string): Promise<boolean> {
    const [, count] = (await this.intents.query(
      `UPDATE storage_intents
       SET kind = 'delete', lease_until = now() + interval '5 minutes', not_before = now()
       WHERE id = $1 AND kind = 'write'`,
      [id],
    )) as [unknown, number];
    return count === 1;
  }

  /** Waits for a session that may still hold the intent, and for nothing else. */
  async awaitRelease(id: string): Promise<void> {
    await this.intents.query('SELECT 1 FROM storage_intents WHERE id = $1 FOR UPDATE', [id]);
  }

  /**
   * What one attempt has staged is another's from now on: the intent of the first ends, that of the second
   * names its object, and the one that this named before is the collector's. That one is removed twice, like
   * every object that a frozen writer may come back to. `false`: one of the two is over, and the transaction
   * must not be committed.
   */
  async takeOver(tx: Transaction, from: string, to: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      `WITH place AS (
         DELETE FROM storage_intents WHERE id = $1 AND kind = 'write'
         RETURNING backend, storage_key
       ), old AS (
         SELECT id, backend, storage_key FROM storage_intents
         WHERE id = $2 AND kind = 'write' AND lease_until > now() FOR UPDATE
       ), moved AS (
         UPDATE storage_intents i SET backend = place.backend, storage_key = place.storage_key
         FROM place, old WHERE i.id = old.id RETURNING i.id
       )
       INSERT INTO storage_intents (id, kind, backend, storage_key, passes)
       SELECT gen_random_uuid(), 'delete', old.backend, old.storage_key, 2
       FROM old JOIN moved ON moved.id = old.id RETURNING id`,
      [from, to],
    )) as unknown[];
    return rows.length === 1;
  }

  /** Hands bytes that no row names any more to the collector. */
  async openDelete(tx: Transaction, backend: string, storageKey: string): Promise<void> {
    await managerOf(tx).query(
      `INSERT INTO storage_intents (id, kind, backend, storage_key)
       VALUES (gen_random_uuid(), 'delete', $1, $2)`,
      [backend, storageKey],
    );
  }
}
