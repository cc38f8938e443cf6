import { Injectable } from '@nestjs/common';
import {
  OwnedResources,
  type IOwnedResources,
} from '../core/contracts/owned-resources.contract.js';
import { managerOf, type Transaction } from '../core/database/index.js';
import { RESTORABLE_DAYS } from './deletion/deletion.repository.js';

/** Datasets that a user owns, or can restore. */
@OwnedResources()
@Injectable()
export class OwnedDatasetsRepository implements IOwnedResources {
  readonly kind = 'datasets';

  async owns(tx: Transaction, userId: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      `SELECT 1 FROM datasets WHERE owner_id = $1
         AND (deleted_at IS NULL OR deleted_at > now() - make_interval(days => $2)) LIMIT 1`,
      [userId, RESTORABLE_DAYS],
    )) as unknown[];
    return rows.length > 0;
  }
}
