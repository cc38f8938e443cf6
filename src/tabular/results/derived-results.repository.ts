import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { FileId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { DerivedResult } from './entities/derived-result.entity.js';

/** An artifact that holds a result. */
export interface KeptResult {
  id: string;
  fileId: FileId;
  /** SHA-256, lower-case hex. */
  contentHash: string;
  /** Bytes. */
  size: number;
}

export interface NewResult {
  id: string;
  key: string;
  kind: string;
  sourceHashes: readonly string[];
  fileId: FileId;
  size: number;
}

/** A result that goes. */
export interface DoomedResult {
  id: string;
  fileId: FileId;
}

@Injectable()
export class DerivedResultsRepository {
  constructor(
    @InjectRepository(DerivedResult) private readonly results: Repository<DerivedResult>,
  ) {}

  /** And notes that it was used, once an hour. A result whose bytes are known to be damaged is none. */
  async use(key: string): Promise<KeptResult | null> {
    const [found] = (await this.results.query(
      `WITH found AS (
         SELECT d.id, d.file_id, f.content_hash, f.size_bytes, d.used_at
         FROM derived_results d JOIN files f ON f.id = d.file_id AND f.health IN ('ok', 'unchecked')
         WHERE d.key = $1),
       used AS (
         UPDATE derived_results d SET used_at = now() FROM found
         WHERE d.id = found.id AND d.used_at < now() - interval '1 hour')
       SELECT id, file_id AS "fileId", content_hash AS "contentHash", size_bytes::float8 AS size FROM found`,
      [key],
    )) as KeptResult[];
    return found ?? null;
  }

  /** @returns `false` when there is one of this key: another process was faster */
  async insert(tx: Transaction, result: NewResult): Promise<boolean> {
    const inserted = (await managerOf(tx).query(
      `INSERT INTO derived_results (id, key, kind, source_hashes, file_id, size_bytes)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING RETURNING id`,
      [result.id, result.key, result.kind, result.sourceHashes, result.fileId, result.size],
    )) as unknown[];
    return inserted.length > 0;
  }

  /** Takes the result of this key away, or only if its bytes are damaged. */
  async take(tx: Transaction, key: string, which: 'any' | 'damaged'): Promise<DoomedResult | null> {
    const [[taken]] = (await managerOf(tx).query(
      `DELETE FROM derived_results d USING files f
       WHERE d.key = $1 AND f.id = d.file_id AND ($2 OR f.health NOT IN ('ok', 'unchecked'))
       RETURNING d.id, d.file_id AS "fileId"`,
      [key, which === 'any'],
    )) as [DoomedResult[]];
    return taken ?? null;
  }

  /** Takes a result away that nobody has used for long, or whose contents are gone. */
  async takeUnused(tx: Transaction, unusedDays: number): Promise<DoomedResult | null> {
    const [[taken]] = (await managerOf(tx).query(
      `DELETE FROM derived_results WHERE id IN (
         SELECT d.id FROM derived_results d
         WHERE d.used_at < now() - make_interval(days => $1)
           OR EXISTS (SELECT FROM unnest(d.source_hashes) AS s (hash)
                      WHERE NOT EXISTS (SELECT FROM files f WHERE f.content_hash = s.hash
                                        AND f.reference_count > 0))
         ORDER BY d.id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING id, file_id AS "fileId"`,
      [unusedDays],
    )) as [DoomedResult[]];
    return taken ?? null;
  }

  /** Takes one of those away that were used longest ago, if all together are more bytes than this. */
  async takeOverflow(tx: Transaction, maxBytes: number): Promise<DoomedResult | null> {
    const [[taken]] = (await managerOf(tx).query(
      `DELETE FROM derived_results WHERE id IN (
         SELECT id FROM (
           SELECT id, sum(size_bytes) OVER (ORDER BY used_at DESC, id DESC) AS kept_bytes
           FROM derived_results) d
         WHERE d.kept_bytes > $1 ORDER BY id LIMIT 1)
       RETURNING id, file_id AS "fileId"`,
      [maxBytes],
    )) as [DoomedResult[]];
    return taken ?? null;
  }
}
