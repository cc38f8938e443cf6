import { Injectable } from '@nestjs/common';
import {
  FileUses,
  type IFileUses,
  type UnheldUse,
} from '../../core/contracts/file-uses.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';

/** Artifacts of results. */
@FileUses()
@Injectable()
export class DerivedUsesRepository implements IFileUses {
  async usesOf(tx: Transaction, fileId: FileId, limit: number): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `SELECT d.kind, d.source_hashes FROM file_references r JOIN derived_results d ON d.id = r.owner_id::uuid
       WHERE r.file_id = $1 AND r.owner_type = 'derived' LIMIT $2`,
      [fileId, limit],
    )) as { kind: string; source_hashes: string[] }[];
    return rows.map(({ kind, source_hashes }) => `${kind} of sha256:${source_hashes.join(', ')}`);
  }

  async unheldAfter(
    tx: Transaction,
    after: string | null,
    limit: number,
  ): Promise<{ unheld: UnheldUse[]; next: string | null }> {
    const rows = (await managerOf(tx).query(
      `SELECT d.id, d.file_id AS "fileId", d.kind, r.id IS NULL AS "isUnheld"
       FROM (SELECT * FROM derived_results WHERE id > $1 ORDER BY id LIMIT $2) d
       LEFT JOIN file_references r ON r.owner_type = 'derived' AND r.owner_id = d.id::text
         AND r.file_id = d.file_id
       ORDER BY d.id`,
      [after ?? '00000000-0000-0000-0000-000000000000', limit],
    )) as { id: string; fileId: FileId; kind: string; isUnheld: boolean }[];
    return {
      unheld: rows
        .filter(({ isUnheld }) => isUnheld)
        .map(({ id, fileId, kind }) => ({ fileId, what: `derived result ${id} (${kind})` })),
      next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null,
    };
  }
}
