import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { FileId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { Component } from '../entities/component.entity.js';
import { shownBy } from '../versions/layers.repository.js';
import { RESTORABLE_DAYS } from './deletion.repository.js';

export interface DeletedVersion {
  id: string;
  datasetId: string;
  overlayReferenceId: string;
}

/** A component that is given up, with the patches of its rows. */
export interface ReleasedComponent {
  referenceIds: string[];
  contents: { fileId: FileId; size: number }[];
}

/**
 * Finds components that nobody shows any more. The versions that show a component hang together in the
 * tree (it is put by one, and shown by later ones up to those that change its path). So when a version is
 * deleted, what it shows is still shown by somebody exactly if one of its live neighbours shows it: the
 * versions next to it, seen through other deleted ones.
 */
@Injectable()
export class ReleasesRepository {
  constructor(@InjectRepository(Component) private readonly components: Repository<Component>) {}

  /** The longest deleted first. */
  async deletedVersions(limit: number): Promise<DeletedVersion[]> {
    return (await this.components.query(
      `SELECT v.id, v.dataset_id AS "datasetId", v.overlay_reference_id AS "overlayReferenceId"
       FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id
       WHERE v.deleted_at IS NOT NULL AND v.released_at IS NULL AND d.deleted_at IS NULL
       ORDER BY v.deleted_at LIMIT $1`,
      [limit],
    )) as DeletedVersion[];
  }

  /** Ids of datasets whose time is over. */
  async deletedDatasets(limit: number): Promise<string[]> {
    const rows = (await this.components.query(
      `SELECT id FROM datasets WHERE deleted_at <= now() - make_interval(days => $1)
       ORDER BY deleted_at LIMIT $2`,
      [RESTORABLE_DAYS, limit],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }

  /** Live versions next to this one, by how near their numbers are. */
  async neighbours(tx: Transaction, versionId: string): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `WITH RECURSIVE region AS (
         SELECT id, parent_id FROM dataset_versions WHERE id = $1
         UNION
         SELECT v.id, v.parent_id FROM region r
         JOIN dataset_versions v ON v.id = r.parent_id OR v.parent_id = r.id
         WHERE v.deleted_at IS NOT NULL)
       SELECT v.id FROM region r
       JOIN dataset_versions v ON v.id = r.parent_id OR v.parent_id = r.id
       CROSS JOIN (SELECT version_number FROM dataset_versions WHERE id = $1) here
       WHERE v.deleted_at IS NULL
       GROUP BY v.id, here.version_number
       ORDER BY abs(v.version_number - here.version_number), v.id`,
      [versionId],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }

  /** The next paths that these layers name. */
  async pathsIn(
    tx: Transaction,
    layerIds: readonly string[],
    { after, limit }: { after: string | null; limit: number },
  ): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `SELECT DISTINCT e.path FROM unnest($1::bigint[]) AS l (id)
       CROSS JOIN LATERAL (
         SELECT x.path FROM layer_entries x
         WHERE x.layer_id = l.id AND ($2::text IS NULL OR x.path > $2 COLLATE "C")
         ORDER BY x.path LIMIT $3) e
       ORDER BY e.path LIMIT $3`,
      [layerIds, after, limit],
    )) as { path: string }[];
    return rows.map(({ path }) => path);
  }

  /** Marks what the version shows at these paths, and none of its neighbours does. */
  async releaseUnshown(
    tx: Transaction,
    versionId: string,
    neighbours: readonly string[],
    paths: readonly string[],
  ): Promise<ReleasedComponent[]> {
    const [rows] = (await managerOf(tx).query(
      `UPDATE components c SET released_at = now()
       FROM unnest($3::text[]) AS p (path)
       WHERE c.id = ${shownBy('$1', 'p.path')} AND c.released_at IS NULL
         AND NOT EXISTS (
           SELECT 1 FROM unnest($2::uuid[]) AS n (id) WHERE ${shownBy('n.id', 'p.path')} = c.id)
       RETURNING c.reference_id || c.patch_reference_ids AS "referenceIds",
         jsonb_build_array(jsonb_build_object('fileId', c.file_id, 'size', c.size_bytes))
           || coalesce(c.patches->'chain', '[]') AS contents`,
      [versionId, neighbours, paths],
    )) as [ReleasedComponent[], number];
    return rows;
  }

  /** The next components of a dataset that is over. */
  async releaseAny(tx: Transaction, datasetId: string, limit: number): Promise<string[]> {
    const [rows] = (await managerOf(tx).query(
      `UPDATE components SET released_at = now() WHERE id IN (
         SELECT id FROM components WHERE dataset_id = $1 AND released_at IS NULL LIMIT $2)
       RETURNING reference_id || patch_reference_ids AS ids`,
      [datasetId, limit],
    )) as [{ ids: string[] }[], number];
    return rows.flatMap(({ ids }) => ids);
  }

  async markReleased(tx: Transaction, versionId: string): Promise<void> {
    await managerOf(tx).query('UPDATE dataset_versions SET released_at = now() WHERE id = $1', [
      versionId,
    ]);
  }

  /** References on the overlays of the next versions of a dataset that is over. */
  async releaseOverlays(tx: Transaction, datasetId: string, limit: number): Promise<string[]> {
    const [rows] = (await managerOf(tx).query(
      `UPDATE dataset_versions SET released_at = now() WHERE id IN (
         SELECT id FROM dataset_versions WHERE dataset_id = $1 AND released_at IS NULL LIMIT $2)
       RETURNING overlay_reference_id`,
      [datasetId, limit],
    )) as [{ overlay_reference_id: string }[], number];
    return rows.map(({ overlay_reference_id }) => overlay_reference_id);
  }

  /** Removes the next layer entries of a dataset that is over. Returns how many there were. */
  async removeEntries(tx: Transaction, datasetId: string, limit: number): Promise<number> {
    const [, count] = (await managerOf(tx).query(
      `DELETE FROM layer_entries WHERE (layer_id, path) IN (
         SELECT e.layer_id, e.path FROM layers l JOIN layer_entries e ON e.layer_id = l.id
         WHERE l.dataset_id = $1 LIMIT $2)`,
      [datasetId, limit],
    )) as [unknown, number];
    return count;
  }

  /** The same of its components. */
  async removeComponents(tx: Transaction, datasetId: string, limit: number): Promise<number> {
    const [, count] = (await managerOf(tx).query(
      `DELETE FROM components WHERE id IN (
         SELECT id FROM components WHERE dataset_id = $1 LIMIT $2)`,
      [datasetId, limit],
    )) as [unknown, number];
    return count;
  }

  /** Removes what is left of a dataset, when all its references were given up. */
  async removeDataset(tx: Transaction, datasetId: string): Promise<void> {
    for (const statement of [
      'DELETE FROM dataset_refs WHERE dataset_id = $1',
      `DELETE FROM version_layers WHERE version_id IN (
         SELECT id FROM dataset_versions WHERE dataset_id = $1)`,
      'DELETE FROM dataset_versions WHERE dataset_id = $1',
      'DELETE FROM layers WHERE dataset_id = $1',
      'DELETE FROM dataset_contents WHERE dataset_id = $1',
      'DELETE FROM datasets WHERE id = $1',
    ]) {
      await managerOf(tx).query(statement, [datasetId]);
    }
  }
}
