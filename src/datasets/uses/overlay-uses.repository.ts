import { Injectable } from '@nestjs/common';
import {
  FileUses,
  type IFileUses,
  type UnheldUse,
} from '../../core/contracts/file-uses.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';

const FIRST = '00000000-0000-0000-0000-000000000000';

interface UseRow {
  dataset_id: string;
  version_number: number;
}

/** Overlay documents of versions. */
@FileUses()
@Injectable()
export class OverlayUsesRepository implements IFileUses {
  async usesOf(tx: Transaction, fileId: FileId, limit: number): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `SELECT v.dataset_id, v.version_number
       FROM (SELECT DISTINCT r.owner_id FROM file_references r
             WHERE r.file_id = $1 AND r.owner_type = 'dataset' LIMIT $2) holder
       JOIN dataset_versions v ON v.dataset_id = holder.owner_id::uuid AND v.overlay_file_id = $1
       WHERE v.released_at IS NULL ORDER BY v.id LIMIT $2`,
      [fileId, limit],
    )) as UseRow[];
    return rows.map(
      (row) => `dataset ${row.dataset_id}, version ${row.version_number}: its overlay document`,
    );
  }

  async unheldAfter(
    tx: Transaction,
    after: string | null,
    limit: number,
  ): Promise<{ unheld: UnheldUse[]; next: string | null }> {
    const [batch] = (await managerOf(tx).query(
      `SELECT CASE WHEN count(*) = $2 THEN max(v.id::text) END AS next,
         json_agg(json_build_object('fileId', v.overlay_file_id, 'what', format(
           'overlay document of dataset %s, version %s', v.dataset_id, v.version_number))
           ORDER BY v.id) FILTER (WHERE v.released_at IS NULL AND r.id IS NULL) AS unheld
       FROM (SELECT * FROM dataset_versions WHERE id > $1 ORDER BY id LIMIT $2) v
       LEFT JOIN file_references r ON r.id = v.overlay_reference_id
         AND r.file_id = v.overlay_file_id
         AND r.owner_type = 'dataset' AND r.owner_id = v.dataset_id::text`,
      [after ?? FIRST, limit],
    )) as [{ next: string | null; unheld: UnheldUse[] | null }];
    return { unheld: batch.unheld ?? [], next: batch.next };
  }
}
