import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { LayerEntry } from '../entities/layer-entry.entity.js';
import { shownBy } from '../versions/layers.repository.js';

/** A path at which two versions are not the same. */
export interface Difference {
  path: string;
  /** `null`: there is no file in the first version. */
  base: string | null;
  /** `null`: there is no file in the second version. */
  head: string | null;
}

export type DiffKind = 'added' | 'removed' | 'changed' | 'moved';

export interface DiffRow extends Difference {
  kind: DiffKind;
  /** Where a moved file was. */
  from: string | null;
}

export interface Compared {
  /** `null`: a version without files. */
  base: string | null;
  head: string;
  /** Layers that name every path at which the two can differ. */
  candidates: readonly string[];
}

/**
 * Paths with another component whose content, or what is said of it, is another: to put the same file
 * again changes nothing. $1 and $2 are the versions, $3 the candidates.
 */
const DIFFERENCES = `
  candidates AS (
    SELECT DISTINCT e.path FROM layer_entries e WHERE e.layer_id = ANY($3::bigint[])),
  shown AS (
    SELECT p.path, ${shownBy('$1::uuid', 'p.path')} AS base, ${shownBy('$2::uuid', 'p.path')} AS head
    FROM candidates p),
  differences AS (
    SELECT s.path, s.base, s.head, b.content_hash || coalesce(b.patches::text, '') AS base_hash,
      h.content_hash || coalesce(h.patches::text, '') AS head_hash
    FROM shown s
    LEFT JOIN components b ON b.id = s.base
    LEFT JOIN components h ON h.id = s.head
    WHERE s.base IS DISTINCT FROM s.head
      AND (b.content_hash, b.file_type, b.file_name, b.mime_type, b.compression_type, b.position,
           b.metadata, b.patches)
        IS DISTINCT FROM
          (h.content_hash, h.file_type, h.file_name, h.mime_type, h.compression_type, h.position,
           h.metadata, h.patches))`;

/**
 * What is gone from one path and has come to another with the same content was moved: the first to the
 * first, the second to the second, in the order of their paths.
 */
const WITH_MOVES = `
  removed AS (
    SELECT path, base, base_hash,
      row_number() OVER (PARTITION BY base_hash ORDER BY path) AS place
    FROM differences WHERE head IS NULL),
  added AS (
    SELECT path, head, head_hash,
      row_number() OVER (PARTITION BY head_hash ORDER BY path) AS place
    FROM differences WHERE base IS NULL),
  told AS (
    SELECT a.path, CASE WHEN r.path IS NULL THEN 'added' ELSE 'moved' END AS kind, r.path AS from,
      r.base, a.head
    FROM added a LEFT JOIN removed r ON r.base_hash = a.head_hash AND r.place = a.place
    UNION ALL
    SELECT r.path, 'removed', NULL, r.base, NULL
    FROM removed r LEFT JOIN added a ON a.head_hash = r.base_hash AND a.place = r.place
    WHERE a.path IS NULL
    UNION ALL
    SELECT path, 'changed', NULL, base, head FROM differences
    WHERE base IS NOT NULL AND head IS NOT NULL)`;

/** Compares versions by what their layers say. */
@Injectable()
export class DifferencesRepository {
  constructor(@InjectRepository(LayerEntry) private readonly entries: Repository<LayerEntry>) {}

  /** By path, moves not told apart from additions and removals. */
  async differences({ base, head, candidates }: Compared): Promise<Difference[]> {
    return (await this.entries.query(
      `WITH ${DIFFERENCES} SELECT path, base, head FROM differences ORDER BY path`,
      [base, head, candidates],
    )) as Difference[];
  }

  /** By path, the next ones after `after`. */
  async diff(
    { base, head, candidates }: Compared,
    { after, limit }: { after: string | null; limit: number },
  ): Promise<DiffRow[]> {
    return (await this.entries.query(
      `WITH ${DIFFERENCES}, ${WITH_MOVES}
       SELECT path, kind, "from", base, head FROM told
       WHERE $4::text IS NULL OR path > $4 COLLATE "C" ORDER BY path LIMIT $5`,
      [base, head, candidates, after, limit],
    )) as DiffRow[];
  }
}
