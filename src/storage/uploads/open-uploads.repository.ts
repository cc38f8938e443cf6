import { Injectable } from '@nestjs/common';
import {
  OwnedResources,
  type IOwnedResources,
} from '../../core/contracts/owned-resources.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';

/** Uploads that a user may still go on with. */
@OwnedResources()
@Injectable()
export class OpenUploadsRepository implements IOwnedResources {
  readonly kind = 'uploads';

  async owns(tx: Transaction, userId: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      `SELECT 1 FROM uploads WHERE owner_id = $1 AND file_id IS NULL AND expires_at > now() LIMIT 1`,
      [userId],
    )) as unknown[];
    return rows.length > 0;
  }
}
