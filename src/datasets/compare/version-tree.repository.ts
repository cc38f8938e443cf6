import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { DatasetVersion } from '../entities/dataset-version.entity.js';

/** A layer that lies between two versions. */
export interface LayerBetween {
  id: string;
  entries: number;
}

/** How versions descend from each other. */
@Injectable()
export class VersionTreeRepository {
  constructor(
    @InjectRepository(DatasetVersion) private readonly versions: Repository<DatasetVersion>,
  ) {}

  /**
   * The changes of every version on the way from one version to another by their nearest common parent:
   * a path that none of them names is the same in both (`null`: a version without files). Own layers are never merged or removed, so this
   * holds across deleted versions too.
   */
  async layersBetween(a: string | null, b: string, tx?: Transaction): Promise<LayerBetween[]> {
    // A parent has a lower number: the higher of the two goes up until they meet, or both roots are passed.
    return (await (tx ? managerOf(tx) : this.versions).query(
      `WITH RECURSIVE walk AS (
         SELECT $1::uuid AS a, $2::uuid AS b, NULL::bigint AS layer_id
         UNION ALL
         SELECT CASE WHEN s.is_a THEN x.parent_id ELSE w.a END,
                CASE WHEN s.is_a THEN w.b ELSE y.parent_id END,
                CASE WHEN s.is_a THEN x.own_layer_id ELSE y.own_layer_id END
         FROM walk w
         LEFT JOIN dataset_versions x ON x.id = w.a
         LEFT JOIN dataset_versions y ON y.id = w.b
         CROSS JOIN LATERAL (
           SELECT coalesce(x.version_number, 0) > coalesce(y.version_number, 0) AS is_a) s
         WHERE w.a IS DISTINCT FROM w.b)
       SELECT l.id, l.entry_count AS entries FROM walk w JOIN layers l ON l.id = w.layer_id`,
      [a, b],
    )) as LayerBetween[];
  }

  /**
   * The newest version that both have taken in, by commits and by merges; `null` when they have no
   * common past.
   */
  async mergeBase(ours: string, theirs: string): Promise<string | null> {
    const [row] = (await this.versions.query(
      `WITH RECURSIVE ours AS (
         SELECT id, parent_id, merged_id, version_number FROM dataset_versions WHERE id = $1
         UNION
         SELECT v.id, v.parent_id, v.merged_id, v.version_number
         FROM ours o JOIN dataset_versions v ON v.id IN (o.parent_id, o.merged_id)),
       theirs AS (
         SELECT id, parent_id, merged_id FROM dataset_versions WHERE id = $2
         UNION
         SELECT v.id, v.parent_id, v.merged_id
         FROM theirs t JOIN dataset_versions v ON v.id IN (t.parent_id, t.merged_id))
       SELECT o.id FROM ours o JOIN theirs t ON t.id = o.id ORDER BY o.version_number DESC LIMIT 1`,
      [ours, theirs],
    )) as { id: string }[];
    return row?.id ?? null;
  }
}
