import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the deletion of versions needs, and the removal of layers that were merged. A lookup asks each
 * layer by its key now: the planner could look for the path in every layer there is.
 */
export class CreateRemoval1764200000000 implements MigrationInterface {
  name = 'CreateRemoval1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE datasets ADD COLUMN deleted_versions int NOT NULL DEFAULT 0;
      ALTER TABLE layers ADD COLUMN retired_at timestamptz;
      CREATE INDEX layers_retired_at_index ON layers (retired_at) WHERE retired_at IS NOT NULL;
      CREATE INDEX dataset_versions_own_layer_index ON dataset_versions (own_layer_id);
    `);
    await createLookup(
      queryRunner,
      `CROSS JOIN LATERAL (
         SELECT x.component_id FROM layer_entries x
         WHERE x.layer_id = l.id AND x.path = asked.path COLLATE "C" LIMIT 1) e`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await createLookup(
      queryRunner,
      'JOIN layer_entries e ON e.layer_id = l.id AND e.path = asked.path COLLATE "C"',
    );
    await queryRunner.query(`
      DROP INDEX dataset_versions_own_layer_index;
      DROP INDEX layers_retired_at_index;
      ALTER TABLE layers DROP COLUMN retired_at;
      ALTER TABLE datasets DROP COLUMN deleted_versions;
    `);
  }
}

/** Of these paths those that are there. */
async function createLookup(queryRunner: QueryRunner, entries: string): Promise<void> {
  await queryRunner.query(`
    CREATE OR REPLACE FUNCTION layers_lookup(layer_ids bigint[], paths text[])
    RETURNS TABLE (path text, component_id bigint)
    LANGUAGE sql STABLE ROWS 100 AS $$
      SELECT asked.path, hit.component_id
      FROM unnest(paths) AS asked (path)
      CROSS JOIN LATERAL (
        SELECT e.component_id
        FROM unnest(layer_ids) WITH ORDINALITY AS l (id, depth)
        ${entries}
        ORDER BY l.depth LIMIT 1) hit
      WHERE hit.component_id IS NOT NULL
    $$
  `);
}
