import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { DatasetRole } from '../../core/contracts/principal.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { DatasetGrant } from '../entities/dataset-grant.entity.js';

export type GranteeKind = 'user' | 'group';

/** A role that somebody was given on a dataset. */
export interface Grant {
  id: string;
  kind: GranteeKind;
  granteeId: string;
  granteeName: string;
  role: DatasetRole;
  grantedBy: string;
  createdAt: Date;
}

const SELECT = `
  SELECT g.id, CASE WHEN g.user_id IS NULL THEN 'group' ELSE 'user' END AS kind,
    coalesce(g.user_id, g.group_id) AS "granteeId", coalesce(u.name, m.name) AS "granteeName",
    g.role, g.granted_by AS "grantedBy", g.created_at AS "createdAt"
  FROM dataset_grants g LEFT JOIN users u ON u.id = g.user_id
  LEFT JOIN groups m ON m.id = g.group_id`;

@Injectable()
export class GrantsRepository {
  constructor(@InjectRepository(DatasetGrant) private readonly grants: Repository<DatasetGrant>) {}

  /** In the order of their ids, from the one after `after` on. */
  async list(datasetId: string, after: string | null, limit: number): Promise<Grant[]> {
    return (await this.grants.query(
      `${SELECT} WHERE g.dataset_id = $1 AND ($2::uuid IS NULL OR g.id > $2) ORDER BY g.id LIMIT $3`,
      [datasetId, after, limit],
    )) as Grant[];
  }

  async find(tx: Transaction, datasetId: string, id: string): Promise<Grant | null> {
    const [grant] = (await managerOf(tx).query(`${SELECT} WHERE g.dataset_id = $1 AND g.id = $2`, [
      datasetId,
      id,
    ])) as Grant[];
    return grant ?? null;
  }

  async findOf(
    tx: Transaction,
    datasetId: string,
    grantee: { kind: GranteeKind; id: string },
  ): Promise<Grant | null> {
    const [grant] = (await managerOf(tx).query(
      `${SELECT} WHERE g.dataset_id = $1 AND g.${grantee.kind}_id = $2`,
      [datasetId, grantee.id],
    )) as Grant[];
    return grant ?? null;
  }

  /** Gives the role, in place of one that was given before. */
  async put(
    tx: Transaction,
    datasetId: string,
    grantee: { kind: GranteeKind; id: string },
    { role, grantedBy }: { role: DatasetRole; grantedBy: string },
  ): Promise<void> {
    const column = `${grantee.kind}_id`;
    await managerOf(tx).query(
      `INSERT INTO dataset_grants (dataset_id, ${column}, role, granted_by) VALUES ($1, $2, $3, $4)
       ON CONFLICT (dataset_id, ${column})
       DO UPDATE SET role = EXCLUDED.role, granted_by = EXCLUDED.granted_by`,
      [datasetId, grantee.id, role, grantedBy],
    );
  }

  async remove(tx: Transaction, id: string): Promise<void> {
    await managerOf(tx).query('DELETE FROM dataset_grants WHERE id = $1', [id]);
  }
}
