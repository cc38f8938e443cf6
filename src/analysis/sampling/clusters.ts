import { pick, type Draw, type Drawn } from './drawn.js';
import { shareOf } from './population.js';
import { belowSql, keySql, saltOf } from './random-numbers.js';
import { SampleTooLargeError, TooManyGroupsError } from './sampling.errors.js';
import type { SamplingPlan } from './sampling-plan.js';

export const MAX_CLUSTERS = 1_000_000;

export interface ClusterDraw extends Draw {
  plan: Pick<SamplingPlan, 'rows' | 'fraction' | 'clusters' | 'replacement'>;
  /** As the population has them. */
  clusterBy: readonly string[];
}

/**
 * Whole clusters, in one stage (Cochran 1977, chapter 9): a simple random sample of m of the M clusters, with
 * all of their rows. By `rows`, clusters are taken in random order until they have so many rows together: then
 * large ones are a little more probable than small ones.
 */
export async function drawClusters(draw: ClusterDraw): Promise<Drawn> {
  const { population, plan, clusterBy } = draw;
  const names = clusterBy.map((_, at) => `k${at}`);
  const keys = names.join(', ');
  await population.run(
    `CREATE TEMP TABLE clusters AS SELECT row_number() OVER (ORDER BY first) - 1 AS cluster, * FROM (SELECT ` +
      `${clusterBy.map((column, at) => `${column} AS k${at}`).join(', ')}, min(i) AS first, count(*) AS n ` +
      `FROM ${population.sql} GROUP BY ${clusterBy.join(', ')})`,
  );
  const [[found = 0, rows = 0] = []] = await population.figures(
    'SELECT count(*), coalesce(sum(n), 0) FROM clusters',
  );
  population.notEmpty(rows);
  if (found > MAX_CLUSTERS) throw new TooManyGroupsError('clusters', found, MAX_CLUSTERS);
  const size = clustersOf(plan, found, rows);
  await population.bench.run(
    `CREATE TEMP TABLE chosen AS SELECT ${keys}, ${found} / ${size ?? 'NULL'} AS w FROM ${source(draw, found, size)}`,
  );
  const [[chosen = 0] = []] = await population.figures('SELECT count(*) FROM chosen');
  const from = await pick(
    draw,
    clusterBy.map((column, at) => [column, `k${at}`]),
  );
  return {
    from,
    population: rows,
    figures: { clusters: chosen, clusters_population: found },
  };
}

/** How many are chosen; `null`: as many as have the rows. @throws SampleTooLargeError */
function clustersOf(
  { rows, fraction, clusters, replacement }: ClusterDraw['plan'],
  found: number,
  population: number,
): number | null {
  if (rows !== undefined) {
    if (rows > population) throw new SampleTooLargeError(rows, population, 'rows');
    return null;
  }
  const size = clusters ?? shareOf(found, fraction ?? 1);
  if (size > found && !replacement) throw new SampleTooLargeError(size, found, 'clusters');
  return size;
}

function source({ seed, plan }: ClusterDraw, found: number, size: number | null): string {
  if (plan.replacement) {
    const place = belowSql('range', saltOf(seed, 'draws'), String(found));
    return `(SELECT ${place} AS cluster FROM range(${size})) JOIN clusters USING (cluster)`;
  }
  // A cluster by its first row, which no other has.
  const order = `ORDER BY ${keySql('first', saltOf(seed, 'clusters'))}`;
  return size === null
    ? `clusters QUALIFY sum(n) OVER (${order} ROWS UNBOUNDED PRECEDING) - n < ${plan.rows}`
    : `(SELECT * FROM clusters ${order} LIMIT ${size})`;
}
