import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { SearchMark } from './entities/search-mark.entity.js';
import type { SearchDocument, SearchSource } from './search-document.js';

export interface Mark {
  id: string;
  datasetId: string;
}

/** A dataset as the index is to know it. */
export interface IndexedDataset extends SearchSource {
  id: string;
  fileTypes: string[];
}

/** Searched of each dataset. */
const MAX_PATHS = 10_000;
/** Kept of each dataset to show where one matched. */
const MAX_SHOWN_PATHS = 1000;
/** Of the newest marks, as many as a search waits for. */
const MAX_AWAITED = 1000;
/** Any number that nothing else locks by: `srch` in ASCII. */
const LOCK = 0x73726368;

/** Marks of changed datasets, and what the index has of each. */
@Injectable()
export class SearchIndexRepository {
  constructor(@InjectRepository(SearchMark) private readonly marks: Repository<SearchMark>) {}

  /** The newest mark, if it was set in the last seconds: older ones are a backlog. */
  async newestRecentMark(): Promise<string | null> {
    const [mark] = (await this.marks.query(
      `SELECT id FROM (
         SELECT id, marked_at FROM dataset_search_queue ORDER BY id DESC LIMIT 1) newest
       WHERE marked_at > now() - interval '10 s'`,
    )) as { id: string }[];
    return mark?.id ?? null;
  }

  /** Whether recent marks up to this one are still to be worked off, here or elsewhere. */
  async hasRecentMarks(upTo: string): Promise<boolean> {
    const [row] = (await this.marks.query(
      `SELECT EXISTS (
         SELECT FROM (
           SELECT marked_at, failures FROM dataset_search_queue WHERE id <= $1
           ORDER BY id DESC LIMIT ${MAX_AWAITED}) newest
         WHERE marked_at > now() - interval '12 s' AND failures = 0) AS has`,
      [upTo],
    )) as { has: boolean }[];
    return (row as { has: boolean }).has;
  }

  /**
   * Takes marks, the newest first, that no other replica has taken. They are gone with the commit,
   * and there again if it fails.
   */
  async take(tx: Transaction, limit: number): Promise<Mark[]> {
    const [marks] = (await managerOf(tx).query(
      `DELETE FROM dataset_search_queue WHERE id IN (
         SELECT id FROM dataset_search_queue WHERE marked_at <= clock_timestamp()
         ORDER BY id DESC LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING id, dataset_id AS "datasetId"`,
      [limit],
    )) as [Mark[], number];
    return marks;
  }

  /** To be tried again in a minute, then in twice the time, at most in some hours. */
  async postpone(markId: string): Promise<void> {
    await this.marks.query(
      `UPDATE dataset_search_queue SET failures = least(failures + 1, 9),
         marked_at = clock_timestamp() + interval '1 min' * 2 ^ failures
       WHERE id = $1`,
      [markId],
    );
  }

  /**
   * Reads datasets until the commit alone: a replica that works off a later mark of one waits, so
   * that what it reads is not overwritten by what was read before it.
   */
  async read(tx: Transaction, datasetIds: readonly string[]): Promise<IndexedDataset[]> {
    await managerOf(tx).query(
      `SELECT pg_advisory_xact_lock(${LOCK}, hashtext(id)) FROM (
         SELECT id FROM unnest($1::text[]) AS id ORDER BY hashtext(id)) ordered`,
      [datasetIds],
    );
    const datasets = (await managerOf(tx).query(
      `SELECT d.id, d.name, d.description, d.metadata,
         ARRAY(SELECT t.tag FROM dataset_tags t WHERE t.dataset_id = d.id ORDER BY t.tag) AS tags,
         ARRAY(SELECT jsonb_object_keys(v.types)) AS "fileTypes"
       FROM datasets d
       LEFT JOIN dataset_refs r ON r.dataset_id = d.id AND r.name = 'main'
       LEFT JOIN dataset_versions v ON v.id = r.version_id
       WHERE d.id = ANY($1::uuid[])`,
      [datasetIds],
    )) as Omit<IndexedDataset, 'paths'>[];
    const read: IndexedDataset[] = [];
    for (const dataset of datasets) {
      read.push({ ...dataset, paths: await this.pathsOf(tx, dataset.id) });
    }
    return read;
  }

  async write(
    tx: Transaction,
    { id, tags, fileTypes, paths }: IndexedDataset,
    { vector }: SearchDocument,
  ): Promise<void> {
    // The triggers copy who may read it from then on that there is a row: none of that is missed between
    // the look at it here and the row.
    await managerOf(tx).query(
      `SELECT FROM datasets WHERE id = $1
         AND NOT EXISTS (SELECT FROM dataset_search s WHERE s.id = datasets.id) FOR SHARE`,
      [id],
    );
    await managerOf(tx).query(
      `INSERT INTO dataset_search
         (id, owner_id, visibility, deleted_at, readers, document, tags, file_types, paths)
       SELECT id, owner_id, visibility, deleted_at,
         ARRAY(SELECT subject_id FROM dataset_access a WHERE a.dataset_id = d.id),
         $2::tsvector, $3, $4, $5
       FROM datasets d WHERE id = $1
       ON CONFLICT (id) DO UPDATE SET document = EXCLUDED.document, tags = EXCLUDED.tags, file_types = EXCLUDED.file_types,
         paths = EXCLUDED.paths`,
      [id, vector, tags, fileTypes, paths.slice(0, MAX_SHOWN_PATHS)],
    );
  }

  /** In one order, so that two who add the same words don't wait for each other. */
  async addWords(tx: Transaction, words: ReadonlySet<string>): Promise<void> {
    await managerOf(tx).query(
      `INSERT INTO search_words (word)
       SELECT given.word FROM unnest($1::text[]) AS given (word)
       WHERE NOT EXISTS (SELECT FROM search_words known WHERE known.word = given.word)
       ON CONFLICT DO NOTHING`,
      [[...words].sort()],
    );
  }

  private async pathsOf(tx: Transaction, datasetId: string): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `SELECT p.path FROM layers_page(ARRAY(
         SELECT l.layer_id FROM dataset_refs r JOIN version_layers l ON l.version_id = r.version_id
         WHERE r.dataset_id = $1 AND r.name = 'main' ORDER BY l.depth), '', NULL, ${MAX_PATHS}) p`,
      [datasetId],
    )) as { path: string }[];
    return rows.map(({ path }) => path);
  }
}
