import { Injectable } from '@nestjs/common';
import {
  FileUses,
  type IFileUses,
  type UnheldUse,
} from '../../core/contracts/file-uses.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';

const FIRST = '00000000-0000-0000-0000-000000000000';

/** What jobs have made. */
@FileUses()
@Injectable()
export class JobUsesRepository implements IFileUses {
  async usesOf(tx: Transaction, fileId: FileId, limit: number): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `SELECT j.id, j.kind, output ->> 'name' AS name
       FROM (SELECT DISTINCT r.owner_id FROM file_references r
             WHERE r.file_id = $1 AND r.owner_type = 'job' LIMIT $2) holder
       JOIN jobs j ON j.id = holder.owner_id::uuid
       CROSS JOIN jsonb_array_elements(j.outputs) output
       WHERE (output ->> 'fileId')::int = $1 ORDER BY j.id LIMIT $2`,
      [fileId, limit],
    )) as { id: string; kind: string; name: string }[];
    return rows.map(({ id, kind, name }) => `job ${id} (${kind}): its output ${name}`);
  }

  async unheldAfter(
    tx: Transaction,
    after: string | null,
    limit: number,
  ): Promise<{ unheld: UnheldUse[]; next: string | null }> {
    const [batch] = (await managerOf(tx).query(
      `WITH page AS (SELECT id, outputs FROM jobs WHERE id > $1 ORDER BY id LIMIT $2)
       SELECT (SELECT CASE WHEN count(*) = $2 THEN max(id::text) END FROM page) AS next,
         (SELECT json_agg(json_build_object('fileId', (output ->> 'fileId')::int, 'what',
            format('output %s of job %s', output ->> 'name', p.id)) ORDER BY p.id)
          FROM page p CROSS JOIN jsonb_array_elements(p.outputs) output
          WHERE NOT EXISTS (
            SELECT FROM file_references r WHERE r.file_id = (output ->> 'fileId')::int
              AND r.owner_type = 'job' AND r.owner_id = p.id::text)) AS unheld`,
      [after ?? FIRST, limit],
    )) as [{ next: string | null; unheld: UnheldUse[] | null }];
    return { unheld: batch.unheld ?? [], next: batch.next };
  }
}
