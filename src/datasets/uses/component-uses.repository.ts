import { Injectable } from '@nestjs/common';
import {
  FileUses,
  type IFileUses,
  type UnheldUse,
} from '../../core/contracts/file-uses.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';

interface UseRow {
  dataset_id: string;
  version_number: number | null;
  path: string | null;
}

interface Batch {
  next: string | null;
  unheld: UnheldUse[] | null;
}

/** Files at the paths of versions, and the patches of their rows. */
@FileUses()
@Injectable()
export class ComponentUsesRepository implements IFileUses {
  async usesOf(tx: Transaction, fileId: FileId, limit: number): Promise<string[]> {
    // By the references: components have no index by file.
    const rows = (await managerOf(tx).query(
      `SELECT c.dataset_id, v.version_number, e.path
       FROM (SELECT DISTINCT r.owner_id FROM file_references r
             WHERE r.file_id = $1 AND r.owner_type = 'dataset' LIMIT $2) holder
       JOIN components c ON c.dataset_id = holder.owner_id::uuid
         AND (c.file_id = $1
           OR c.patches->'chain' @> jsonb_build_array(jsonb_build_object('fileId', $1::int)))
         AND c.released_at IS NULL
       LEFT JOIN dataset_versions v ON v.id = c.version_id
       LEFT JOIN layer_entries e ON e.layer_id = v.own_layer_id AND e.component_id = c.id
       ORDER BY c.id LIMIT $2`,
      [fileId, limit],
    )) as UseRow[];
    return rows.map(
      (row) =>
        `dataset ${row.dataset_id}, from version ${row.version_number ?? '?'} on: ${row.path ?? '?'}`,
    );
  }

  async unheldAfter(
    tx: Transaction,
    after: string | null,
    limit: number,
  ): Promise<{ unheld: UnheldUse[]; next: string | null }> {
    const [batch] = (await managerOf(tx).query(
      `SELECT CASE WHEN count(DISTINCT c.id) = $2 THEN max(c.id) END AS next,
         json_agg(json_build_object('fileId', u.file_id, 'what', format(
           '%s %s of dataset %s, version %s', u.what, c.id, c.dataset_id, c.version_id))
           ORDER BY c.id) FILTER (WHERE c.released_at IS NULL AND (r.id IS NULL OR f.id IS NULL)) AS unheld
       FROM (SELECT * FROM components WHERE id > $1 ORDER BY id LIMIT $2) c
       CROSS JOIN LATERAL (
         SELECT 'component' AS what, c.file_id, c.reference_id, c.content_hash::text, c.size_bytes
         UNION ALL
         SELECT format('patch %s over component', p.place), (p.patch->>'fileId')::int,
           c.patch_reference_ids[p.place], p.patch->>'contentHash', (p.patch->>'size')::bigint
         FROM jsonb_array_elements(c.patches->'chain') WITH ORDINALITY AS p (patch, place)) u
       LEFT JOIN file_references r ON r.id = u.reference_id AND r.file_id = u.file_id
         AND r.owner_type = 'dataset' AND r.owner_id = c.dataset_id::text
       LEFT JOIN files f ON f.id = u.file_id AND f.content_hash = u.content_hash
         AND f.size_bytes = u.size_bytes`,
      [after ?? '0', limit],
    )) as [Batch];
    return { unheld: batch.unheld ?? [], next: batch.next };
  }
}
