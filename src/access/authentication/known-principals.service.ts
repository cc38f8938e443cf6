import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { DatabaseNotifications, type Transaction } from '../../core/database/index.js';

export type Identified = Omit<Principal, 'requestId'>;

/** So long a credential is known as it was where notifications are lost or can't be had. */
const REMEMBERED_MS = 5_000;
const MAX_REMEMBERED = 10_000;

const CHANNEL = 'stratum_access';
const EVERYBODY = '*';

/**
 * Whom credentials stand for, remembered for a few seconds so that most requests ask no database.
 * Whatever a transaction changes of users, keys and groups is forgotten with its commit: in this
 * process before the change is answered, in others as soon as PostgreSQL has told them. One that is not
 * told, since its connection is lost, knows better when what it remembers is over: after 5 s.
 */
@Injectable()
export class KnownPrincipals implements OnModuleInit {
  /** By the hash of the credential, so that none stays in memory. */
  private readonly known = new LRUCache<string, Identified>({
    max: MAX_REMEMBERED,
    ttl: REMEMBERED_MS,
  });
  /** Grows with every change: what was asked for before one is not remembered after it. */
  private changes = 0;

  constructor(private readonly notifications: DatabaseNotifications) {}

  onModuleInit(): void {
    this.notifications.subscribe(CHANNEL, (userId) => this.forget(userId ?? EVERYBODY));
  }

  /**
   * Whom this credential stands for, by `find` when it is not remembered. Nobody is not remembered:
   * a key that was just made must not be refused.
   */
  async of(hash: Buffer, find: () => Promise<Identified | null>): Promise<Identified | null> {
    const key = hash.toString('base64');
    const remembered = this.known.get(key);
    if (remembered && !isOver(remembered)) return remembered;
    const { changes } = this;
    const found = await find();
    if (found && changes === this.changes) this.known.set(key, found);
    return found;
  }

  /** That this transaction changes what the user's credentials permit. */
  async userChanged(tx: Transaction, userId: string): Promise<void> {
    await this.announce(tx, userId);
  }

  /** That it changes this for any number of users. */
  async everybodyChanged(tx: Transaction): Promise<void> {
    await this.announce(tx, EVERYBODY);
  }

  private async announce(tx: Transaction, userId: string): Promise<void> {
    await this.notifications.notify(tx, CHANNEL, userId);
    tx.afterCommit(() => this.forget(userId));
  }

  private forget(userId: string): void {
    this.changes += 1;
    for (const [key, { id }] of this.known.entries()) {
      if (userId === EVERYBODY || id === userId) this.known.delete(key);
    }
  }
}

const isOver = ({ expiresAt }: Identified): boolean =>
  expiresAt !== null && expiresAt.getTime() <= Date.now();
