import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { PinnedSource } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { LineageRun } from './entities/lineage-run.entity.js';

export interface RunInput {
  /** SHA-256, lower-case hex; `null`: all files at the path, or of the version. */
  contentHash: string | null;
  versionId: string;
  path: string | null;
}

export interface RunOutput {
  name: string;
  contentHash: string;
}

/** A run with its edges. */
export interface Run {
  id: string;
  kind: string;
  parameters: Record<string, unknown>;
  seed: number;
  engineVersion: string | null;
  createdBy: string;
  startedAt: Date | null;
  /** `null`: it has not ended. */
  finishedAt: Date | null;
  /** Whether the job was forgotten. */
  isRemoved: boolean;
  inputs: RunInput[];
  outputs: RunOutput[];
}

export interface NewRun {
  id: string;
  sources: readonly PinnedSource[];
  outputs: readonly RunOutput[];
}

/**
 * Jobs that have made something, what they read and what they made. Each search is by an index and reads the
 * edges that it finds.
 */
@Injectable()
export class RunsMadeRepository {
  constructor(@InjectRepository(LineageRun) private readonly runs: Repository<LineageRun>) {}

  /** In the transaction that ends the job. */
  async record(tx: Transaction, { id, sources, outputs }: NewRun): Promise<void> {
    await managerOf(tx).query(
      `WITH run AS (
         INSERT INTO lineage_runs (id, kind, parameters, seed, engine_version, created_by, started_at)
         SELECT id, kind, parameters, seed, engine_version, created_by, started_at FROM jobs WHERE id = $1),
       inputs AS (
         INSERT INTO lineage_inputs (run_id, place, content_hash, version_id, path)
         SELECT $1, i.place, i.content_hash, i.version_id, i.path
         FROM unnest($2::text[], $3::uuid[], $4::text[])
           WITH ORDINALITY AS i (content_hash, version_id, path, place))
       INSERT INTO lineage_outputs (run_id, place, name, content_hash)
       SELECT $1, o.place, o.name, o.content_hash
       FROM unnest($5::text[], $6::text[]) WITH ORDINALITY AS o (name, content_hash, place)`,
      [
        id,
        sources.map(({ file }) => file?.contentHash ?? null),
        sources.map(({ versionId }) => versionId),
        sources.map(({ path }) => path),
        outputs.map(({ name }) => name),
        outputs.map(({ contentHash }) => contentHash),
      ],
    );
  }

  async findAll(ids: readonly string[]): Promise<Run[]> {
    if (ids.length === 0) return [];
    return (await this.runs.query(
      `SELECT r.id, r.kind, r.parameters, r.seed::float8 AS seed, r.engine_version AS "engineVersion",
         r.created_by AS "createdBy", r.started_at AS "startedAt", r.finished_at AS "finishedAt",
         NOT EXISTS (SELECT FROM jobs j WHERE j.id = r.id) AS "isRemoved",
         (SELECT coalesce(json_agg(json_build_object('contentHash', i.content_hash, 'versionId',
            i.version_id, 'path', i.path) ORDER BY i.place), '[]')
          FROM lineage_inputs i WHERE i.run_id = r.id) AS inputs,
         (SELECT coalesce(json_agg(json_build_object('name', o.name, 'contentHash', o.content_hash)
            ORDER BY o.place), '[]')
          FROM lineage_outputs o WHERE o.run_id = r.id) AS outputs
       FROM lineage_runs r WHERE r.id = ANY($1::uuid[]) ORDER BY r.id`,
      [ids],
    )) as Run[];
  }

  /** Ids of runs that have made one of these contents: the caller's own first, then the newest. */
  async makersOf(caller: Principal, hashes: readonly string[], limit: number): Promise<string[]> {
    return await this.search(
      caller,
      'lineage_outputs',
      'content_hash = ANY($3::char(64)[])',
      hashes,
      limit,
    );
  }

  /** The same of runs that have read one of them. */
  async readersOf(caller: Principal, hashes: readonly string[], limit: number): Promise<string[]> {
    return await this.search(
      caller,
      'lineage_inputs',
      'content_hash = ANY($3::char(64)[])',
      hashes,
      limit,
    );
  }

  /** The same of runs that have read something of one of these versions. */
  async readersOfVersions(
    caller: Principal,
    versionIds: readonly string[],
    limit: number,
  ): Promise<string[]> {
    return await this.search(
      caller,
      'lineage_inputs',
      'version_id = ANY($3::uuid[])',
      versionIds,
      limit,
    );
  }

  /**
   * Forgets runs whose job is forgotten, of whose outputs none is left, and that no other run goes back to.
   * @param after ids that were looked at
   * @returns the last id that was looked at; `null` at the end
   */
  async removeForgotten(tx: Transaction, after: string, limit: number): Promise<string | null> {
    const [row] = (await managerOf(tx).query(
      `WITH page AS (SELECT id FROM lineage_runs WHERE id > $1 ORDER BY id LIMIT $2),
       removed AS (
         DELETE FROM lineage_runs r USING page p
         WHERE r.id = p.id AND NOT EXISTS (SELECT FROM jobs j WHERE j.id = r.id)
           AND NOT EXISTS (
             SELECT FROM lineage_outputs o
             WHERE o.run_id = r.id AND (
               EXISTS (SELECT FROM files f
                       WHERE f.content_hash = o.content_hash AND f.reference_count > 0)
               OR EXISTS (SELECT FROM lineage_inputs i
                          WHERE i.content_hash = o.content_hash AND i.run_id <> r.id))))
       SELECT CASE WHEN count(*) = $2 THEN max(id::text) END AS last FROM page`,
      [after, limit],
    )) as [{ last: string | null }];
    return row.last;
  }

  private async search(
    caller: Principal,
    table: string,
    where: string,
    among: readonly string[],
    limit: number,
  ): Promise<string[]> {
    if (among.length === 0) return [];
    const rows = (await this.runs.query(
      `SELECT DISTINCT r.created_by = $1 AS is_own, r.id FROM ${table} e
       JOIN lineage_runs r ON r.id = e.run_id WHERE e.${where} ORDER BY 1 DESC, 2 DESC LIMIT $2`,
      [caller.id, limit, among],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }
}
