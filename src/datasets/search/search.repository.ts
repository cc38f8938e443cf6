import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { DatasetId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { SearchFacet } from '../../core/contracts/search.contract.js';
import { managerOf, UnitOfWork } from '../../core/database/index.js';
import { DatasetSearch } from './entities/dataset-search.entity.js';

/** As the datasets' own rule, by what is copied of it. */
const READABLE = '(d.deleted_at IS NULL AND ($1::boolean OR d.readers && $2::uuid[]))';

export interface SearchFilter {
  /** A tsquery; `null`: any words. */
  query: string | null;
  tags: readonly string[];
  fileTypes: readonly string[];
  ownerId: string | null;
  visibility: string | null;
  /** The newest dataset that may be among them; `null`: there is no limit. */
  newest: string | null;
}

export interface Hit {
  id: DatasetId;
  score: number;
}

export interface Hits {
  /** At most `MAX_RANKED`. */
  total: number;
  newest: string | null;
  tags: SearchFacet[];
  fileTypes: SearchFacet[];
  page: Hit[];
}

/** What is ranked, counted and paged: the newest that match. */
export const MAX_RANKED = 10_000;
const MAX_FACETS = 50;
const MAX_LOOKALIKES = 50;
const MAX_SHOWN_PATHS = 20;
/** Alone: beside another word it costs little. */
const SHORT_BEGINNING = /^\(\('..?':\*\)\)$/u;

@Injectable()
export class SearchRepository {
  constructor(
    @InjectRepository(DatasetSearch) private readonly index: Repository<DatasetSearch>,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * The best first, of equals the newest; `after` is the last of the page before. Of more than
   * `MAX_RANKED` those that the index hands over first, without words the newest.
   */
  async find(
    caller: Principal,
    filter: SearchFilter,
    { after, limit }: { after: Hit | null; limit: number },
  ): Promise<Hits> {
    const parameters: unknown[] = [caller.isAdmin, caller.subjects];
    const bound = (value: unknown): string => `$${parameters.push(value)}`;
    const [score, order] =
      filter.query === null
        ? ['0', 'ORDER BY d.id DESC']
        : [`ts_rank(c.document, ${bound(filter.query)}::tsquery, 1)`, ''];
    const sql = `
      WITH hits AS MATERIALIZED (
        SELECT c.id, c.tags, c.file_types, (${score})::float8 AS score FROM (
          SELECT d.id, d.document, d.tags, d.file_types FROM dataset_search d
          WHERE ${READABLE} AND ${conditions(filter, bound)} ${order} LIMIT ${MAX_RANKED}) c),
      page AS (
        SELECT id, score FROM hits
        ${after ? `WHERE (score, id) < (${bound(after.score)}, ${bound(after.id)})` : ''}
        ORDER BY score DESC, id DESC LIMIT ${bound(limit)})
      SELECT (SELECT count(*)::int FROM hits) AS total,
        (SELECT id FROM hits ORDER BY id DESC LIMIT 1) AS newest,
        ${facet('tags')} AS tags, ${facet('file_types')} AS "fileTypes",
        (SELECT coalesce(json_agg(page ORDER BY score DESC, id DESC), '[]') FROM page) AS page`;
    return await this.unitOfWork.run(async (tx) => {
      await managerOf(tx).query(planner(filter.query));
      const [row] = (await managerOf(tx).query(sql, parameters)) as Hits[];
      return row as Hits;
    });
  }

  /** For each word those of the vocabulary that share most of their trigrams with it. */
  async lookalikes(words: readonly string[]): Promise<Map<string, string[]>> {
    const rows = await this.unitOfWork.run(async (tx) => {
      // Two swapped letters of a short word leave it few trigrams of the right one.
      await managerOf(tx).query(`SELECT set_config('pg_trgm.similarity_threshold', '0.2', true)`);
      return (await managerOf(tx).query(
        `SELECT asked.word, ARRAY(
           SELECT w.word FROM search_words w WHERE w.word % asked.word
           ORDER BY similarity(w.word, asked.word) DESC, w.word LIMIT ${MAX_LOOKALIKES}) AS found
         FROM unnest($1::text[]) AS asked (word)`,
        [words],
      )) as { word: string; found: string[] }[];
    });
    return new Map(rows.map(({ word, found }) => [word, found]));
  }

  /** Of each dataset the first paths that hold one of these texts. */
  async pathsWith(
    datasetIds: readonly string[],
    texts: readonly string[],
  ): Promise<Map<string, string[]>> {
    // Words have letters, digits and marks alone: nothing that a pattern would take otherwise.
    const rows = (await this.index.query(
      `SELECT s.id, ARRAY(
         SELECT path FROM unnest(s.paths) AS path WHERE path ILIKE ANY ($2::text[])
         LIMIT ${MAX_SHOWN_PATHS}) AS paths
       FROM dataset_search s WHERE s.id = ANY ($1::uuid[])`,
      [datasetIds, texts.map((text) => `%${text}%`)],
    )) as { id: string; paths: string[] }[];
    return new Map(rows.map(({ id, paths }) => [id, paths]));
  }
}

/**
 * Settings for one search. What it sees first must be the same for every page: no workers, no scan
 * that joins another half-way. With words the planner is told what a look at a document really costs,
 * or it would scan the table where the index is faster; the index costs most for a beginning of a
 * letter or two, which stands in so many documents that a scan soon has enough.
 */
function planner(query: string | null): string {
  const settings: Record<string, string> = {
    max_parallel_workers_per_gather: '0',
    synchronize_seqscans: 'off',
    work_mem: '32MB',
    ...(query !== null &&
      (SHORT_BEGINNING.test(query)
        ? { random_page_cost: '6' }
        : { random_page_cost: '1.1', cpu_operator_cost: '0.2' })),
  };
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config('${name}', '${value}', true)`,
  );
  return `SELECT ${calls.join(', ')}`;
}

/** Only those that are given, so that each search gets the plan that is best for it. */
function conditions(filter: SearchFilter, bound: (value: unknown) => string): string {
  const given: string[] = [];
  if (filter.query !== null) given.push(`d.document @@ ${bound(filter.query)}::tsquery`);
  if (filter.tags.length > 0) given.push(`d.tags @> ${bound(filter.tags)}::text[]`);
  if (filter.fileTypes.length > 0) given.push(`d.file_types @> ${bound(filter.fileTypes)}::text[]`);
  if (filter.ownerId !== null) given.push(`d.owner_id = ${bound(filter.ownerId)}::uuid`);
  if (filter.visibility !== null) given.push(`d.visibility = ${bound(filter.visibility)}`);
  if (filter.newest !== null) given.push(`d.id <= ${bound(filter.newest)}::uuid`);
  return given.join(' AND ') || 'true';
}

const facet = (column: 'tags' | 'file_types'): string => `(
  SELECT coalesce(json_agg(f ORDER BY count DESC, value), '[]') FROM (
    SELECT value, count(*)::int FROM (SELECT unnest(${column}) AS value FROM hits) of_hits
    GROUP BY value ORDER BY count DESC, value LIMIT ${MAX_FACETS}) f)`;
