import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { chunksOf } from '../../core/chunks.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { LayerEntry } from '../entities/layer-entry.entity.js';

/** A file of a version, or with a delimiter a folder. */
export interface ListedEntry {
  path: string;
  /** `null`: a folder. */
  componentId: string | null;
}

export interface LayerSize {
  id: string;
  entries: number;
}

export interface NewEntry {
  path: string;
  /** `null`: the path is deleted. */
  componentId: string | null;
}

/**
 * SQL for the component that a version shows at a path: the newest of its layers that has the path
 * decides. Not a function of the schema, which would be planned and begun again for every path; LATERAL
 * with LIMIT, so that each layer is asked by its key, and not the path in every layer there is.
 */
export const shownBy = (version: string, path: string): string => `(
  SELECT e.component_id FROM version_layers l
  CROSS JOIN LATERAL (
    SELECT x.component_id FROM layer_entries x
    WHERE x.layer_id = l.layer_id AND x.path = ${path} LIMIT 1) e
  WHERE l.version_id = ${version} ORDER BY l.depth LIMIT 1)`;

/** For how long a list of layers may be used after it was read. */
export const LAYERS_FRESH_SECONDS = 60;
/** Whoever has read a list, from the database or from a cache, is done with it by then. */
const RETIRED_SECONDS = 10 * LAYERS_FRESH_SECONDS;

type EntryRow = { path: string; component_id: string | null };

/** What layers, newest first, say together of paths. Functions of the schema do the work. */
@Injectable()
export class LayersRepository {
  constructor(@InjectRepository(LayerEntry) private readonly entries: Repository<LayerEntry>) {}

  async layersOf(versionId: string, tx?: Transaction): Promise<string[]> {
    const rows = (await this.on(tx).query(
      'SELECT layer_id FROM version_layers WHERE version_id = $1 ORDER BY depth',
      [versionId],
    )) as { layer_id: string }[];
    return rows.map(({ layer_id }) => layer_id);
  }

  /** Newest first. */
  async sizesOf(versionId: string): Promise<LayerSize[]> {
    return (await this.entries.query(
      `SELECT l.id, l.entry_count AS entries
       FROM version_layers v JOIN layers l ON l.id = v.layer_id
       WHERE v.version_id = $1 ORDER BY v.depth`,
      [versionId],
    )) as LayerSize[];
  }

  /** The components of those of these paths where there is a file. */
  async lookup(
    layerIds: readonly string[],
    paths: readonly string[],
    tx?: Transaction,
  ): Promise<Map<string, string>> {
    if (layerIds.length === 0) return new Map();
    const rows = (await this.on(tx).query(
      'SELECT path, component_id FROM layers_lookup($1::bigint[], $2::text[])',
      [layerIds, paths],
    )) as EntryRow[];
    return new Map(rows.map(({ path, component_id }) => [path, component_id as string]));
  }

  /** For each of these paths up to `limit` files below it, as if it were a folder. */
  async filesBelow(
    layerIds: readonly string[],
    folders: readonly string[],
    limit: number,
    tx?: Transaction,
  ): Promise<{ folder: string; path: string }[]> {
    if (layerIds.length === 0) return [];
    // `0` is the character that follows `/`.
    return (await this.on(tx).query(
      `SELECT f.folder, p.path FROM unnest($2::text[]) AS f (folder)
       CROSS JOIN LATERAL layers_page($1::bigint[], f.folder || '/', f.folder || '0', $3) p`,
      [layerIds, folders, limit],
    )) as { folder: string; path: string }[];
  }

  /** Files whose paths begin with the prefix, from a path on, in the order of their bytes. */
  async page(
    layerIds: readonly string[],
    { prefix, from, limit }: { prefix: string; from: string; limit: number },
  ): Promise<ListedEntry[]> {
    const rows = (await this.entries.query(
      `SELECT path, component_id
       FROM layers_page($1::bigint[], $2, CASE WHEN $3 <> '' THEN $3 || chr(1114111) END, $4)`,
      [layerIds, from, prefix, limit],
    )) as EntryRow[];
    return rows.map(({ path, component_id }) => ({ path, componentId: component_id }));
  }

  /** As `page`; what has the delimiter after the prefix is told once, as a folder. */
  async folders(
    layerIds: readonly string[],
    {
      prefix,
      delimiter,
      from,
      limit,
    }: { prefix: string; delimiter: string; from: string; limit: number },
  ): Promise<ListedEntry[]> {
    const rows = (await this.entries.query(
      'SELECT path, component_id FROM layers_folders($1::bigint[], $2, $3, $4, $5)',
      [layerIds, prefix, delimiter, from, limit],
    )) as EntryRow[];
    return rows.map(({ path, component_id }) => ({ path, componentId: component_id }));
  }

  async insertLayer(
    tx: Transaction,
    datasetId: string,
    entries: readonly NewEntry[],
  ): Promise<string> {
    const [layer] = (await managerOf(tx).query(
      'INSERT INTO layers (dataset_id, entry_count) VALUES ($1, $2) RETURNING id',
      [datasetId, entries.length],
    )) as { id: string }[];
    const id = (layer as { id: string }).id;
    for (const chunk of chunksOf(entries)) {
      await managerOf(tx).query(
        `INSERT INTO layer_entries (layer_id, path, component_id)
         SELECT $1, e.path, e.component_id
         FROM unnest($2::text[], $3::bigint[]) AS e (path, component_id)`,
        [id, chunk.map(({ path }) => path), chunk.map(({ componentId }) => componentId)],
      );
    }
    return id;
  }

  /** A layer that says what these say together. Of a base nothing lies below: it needs no deletions. */
  async merge(
    tx: Transaction,
    datasetId: string,
    layerIds: readonly string[],
    isBase: boolean,
  ): Promise<string> {
    const [layer] = (await managerOf(tx).query(
      'INSERT INTO layers (dataset_id, entry_count) VALUES ($1, 0) RETURNING id',
      [datasetId],
    )) as { id: string }[];
    const { id } = layer as { id: string };
    // As long as it takes: nobody waits for it, and a base may have millions of entries.
    await managerOf(tx).query('SET LOCAL statement_timeout = 0');
    await managerOf(tx).query(
      `WITH merged AS (
         SELECT DISTINCT ON (e.path) e.path, e.component_id
         FROM unnest($2::bigint[]) WITH ORDINALITY AS l (id, depth)
         JOIN layer_entries e ON e.layer_id = l.id
         ORDER BY e.path, l.depth),
       written AS (
         INSERT INTO layer_entries (layer_id, path, component_id)
         SELECT $1, path, component_id FROM merged
         WHERE NOT ($3::boolean AND component_id IS NULL) RETURNING 1)
       UPDATE layers SET entry_count = (SELECT count(*) FROM written) WHERE id = $1`,
      [id, layerIds, isBase],
    );
    return id;
  }

  /** As a commit does. Not FOR UPDATE: two that have added layers would wait for each other. */
  async lockDataset(tx: Transaction, datasetId: string): Promise<void> {
    await managerOf(tx).query('SELECT 1 FROM datasets WHERE id = $1 FOR NO KEY UPDATE', [
      datasetId,
    ]);
  }

  /**
   * Puts a merged layer in the place of the run in every version that has it; a merged base only
   * where nothing lies below the run.
   */
  async replaceRun(
    tx: Transaction,
    run: readonly string[],
    isBase: boolean,
    merged: string,
  ): Promise<void> {
    await managerOf(tx).query(
      `WITH lists AS (
         SELECT v.version_id, array_agg(v.layer_id ORDER BY v.depth) AS ids
         FROM version_layers v
         WHERE v.version_id IN (SELECT version_id FROM version_layers WHERE layer_id = $1)
         GROUP BY v.version_id),
       places AS (
         SELECT version_id, ids, array_position(ids, $1::bigint) AS place FROM lists),
       changed AS (
         SELECT version_id, ids[:place - 1] || $3::bigint || ids[place + cardinality($2::bigint[]):] AS ids
         FROM places
         WHERE ids[place:place + cardinality($2::bigint[]) - 1] = $2::bigint[]
           AND (NOT $4::boolean OR place + cardinality($2::bigint[]) - 1 = cardinality(ids))),
       wanted AS (
         SELECT c.version_id, (l.place - 1)::smallint AS depth, l.id AS layer_id
         FROM changed c CROSS JOIN LATERAL unnest(c.ids) WITH ORDINALITY AS l (id, place)),
       dropped AS (
         DELETE FROM version_layers v USING changed c
         WHERE v.version_id = c.version_id AND v.depth >= cardinality(c.ids))
       UPDATE version_layers v SET layer_id = w.layer_id FROM wanted w
       WHERE v.version_id = w.version_id AND v.depth = w.depth`,
      [run[0], run, merged, isBase],
    );
  }

  /** Marks those of these layers that no version lists any more and that are no version's own. */
  async retire(tx: Transaction, layerIds: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      `UPDATE layers l SET retired_at = now()
       WHERE l.id = ANY($1::bigint[])
         AND NOT EXISTS (SELECT 1 FROM version_layers v WHERE v.layer_id = l.id)
         AND NOT EXISTS (SELECT 1 FROM dataset_versions v WHERE v.own_layer_id = l.id)`,
      [layerIds],
    );
  }

  /** Removes layers that were retired so long ago that no reader is at them. Returns how many. */
  async removeRetired(limit: number): Promise<number> {
    const [, count] = (await this.entries.query(
      `DELETE FROM layers WHERE id IN (
         SELECT id FROM layers WHERE retired_at < now() - make_interval(secs => $1)
         ORDER BY retired_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [RETIRED_SECONDS, limit],
    )) as [unknown, number];
    return count;
  }

  async setLayers(tx: Transaction, versionId: string, layerIds: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      `INSERT INTO version_layers (version_id, depth, layer_id)
       SELECT $1, l.depth - 1, l.id FROM unnest($2::bigint[]) WITH ORDINALITY AS l (id, depth)`,
      [versionId, layerIds],
    );
  }

  /** Inside a transaction its own connection: to wait for a second one could be for ever. */
  private on(tx: Transaction | undefined): Pick<Repository<LayerEntry>, 'query'> {
    return tx ? managerOf(tx) : this.entries;
  }
}
