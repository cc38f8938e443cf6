import { Injectable } from '@nestjs/common';
import {
  OwnedResources,
  type IOwnedResources,
} from '../../core/contracts/owned-resources.contract.js';
import { holdOf } from '../../core/contracts/file-references.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';

/** Files that a user has uploaded and not given up. */
@OwnedResources()
@Injectable()
export class HeldFilesRepository implements IOwnedResources {
  readonly kind = 'files';

  async owns(tx: Transaction, userId: string): Promise<boolean> {
    const hold = holdOf(userId);
    const rows = (await managerOf(tx).query(
      `SELECT 1 FROM file_references WHERE owner_type = $1 AND owner_id = $2
         AND (expires_at IS NULL OR expires_at > now()) LIMIT 1`,
      [hold.type, hold.id],
    )) as unknown[];
    return rows.length > 0;
  }
}
