import { Inject, Injectable } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { ENV, type Env } from '../../core/config/config.js';
import { StorageFullError } from '../../core/errors/index.js';

/** Room that is kept for one upload of this process. */
export class SpaceReservation {
  constructor(
    /** Bytes still to come, as far as they are known. */
    private left: number,
    private readonly forget: (reservation: SpaceReservation) => void,
  ) {}

  get bytes(): number {
    return this.left;
  }

  /** These lie in the store now, and are missing from its free bytes. */
  received(bytes: number): void {
    this.left = Math.max(0, this.left - bytes);
  }

  /** No more will come. */
  release(): void {
    this.forget(this);
  }
}

/**
 * The free bytes of the store, less what running uploads of this process still expect: many that come
 * together would else all be let in and end together, each on a full disk.
 */
@Injectable()
export class StorageSpace {
  private readonly reservations = new Set<SpaceReservation>();

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    @Inject(ENV) private readonly env: Pick<Env, 'STORAGE_RESERVE_BYTES'>,
  ) {}

  /** @throws StorageFullError */
  async reserve(bytes: number): Promise<SpaceReservation> {
    const before = [...this.reservations];
    const own = new SpaceReservation(bytes, (one) => this.reservations.delete(one));
    // At once, so that one that comes meanwhile sees it; and it counts only those that came before.
    this.reservations.add(own);
    try {
      const free = await this.backend.freeBytes();
      if (free === null) return own;
      const promised = before
        .filter((one) => this.reservations.has(one))
        .reduce((sum, one) => sum + one.bytes, 0);
      if (free - promised - bytes < this.env.STORAGE_RESERVE_BYTES) throw new StorageFullError();
      return own;
    } catch (error) {
      own.release();
      throw error;
    }
  }
}
