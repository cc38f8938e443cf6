import {
  quoteIdentifier,
  unusedName,
  type BenchTable,
  type Workbench,
} from '../../tabular/index.js';
import { drawClusters } from './clusters.js';
import type { Draw, Drawn } from './drawn.js';
import { Population } from './population.js';
import type { SamplingPlan } from './sampling-plan.js';
import { drawRepeatedly, drawStratified } from './stratified.js';
import { drawSystematic } from './systematic.js';
import { drawWeighted } from './weighted.js';

export interface Sample {
  /** A SELECT of its rows, in the order that they have in the table. */
  sql: string;
  parameters: readonly string[];
  drawn: Drawn;
}

/**
 * Decides a sample of a table of the bench.
 * @throws UnknownColumnError, InvalidFilterError, EmptyPopulationError, SampleTooLargeError,
 *   AllocationImpossibleError, TooManyGroupsError, InvalidWeightsError; what reading the table throws
 */
export async function drawSample(
  bench: Workbench,
  { table, files }: { table: BenchTable; files: number },
  plan: SamplingPlan,
  seed: number,
): Promise<Sample> {
  const population = new Population(bench, table, { files, where: plan.where });
  const all = (names: readonly string[] = [], pointer: string): string[] =>
    names.map((name, at) => population.column(name, `/parameters/${pointer}/${at}`));
  const names = plan.columns ?? table.columns.map(({ name }) => name);
  const columns = all(names, 'columns');
  const drawn = await drawBy(plan, { population, seed, columns }, all);
  const list = columns.map((column, at) => `${column} AS ${quoteIdentifier(names[at] ?? '')}`);
  if (plan.includeWeights) {
    list.push(
      `CAST(w AS DOUBLE) AS ${quoteIdentifier(
        unusedName(
          '_weight',
          names.map((name) => ({ name })),
        ),
      )}`,
    );
  }
  return {
    sql: `SELECT ${list.join(', ')} FROM ${drawn.from} ORDER BY i`,
    parameters: drawn.parameters ?? [],
    drawn,
  };
}

async function drawBy(
  plan: SamplingPlan,
  draw: Draw,
  columnsOf: (names: readonly string[] | undefined, pointer: string) => string[],
): Promise<Drawn> {
  switch (plan.method) {
    case 'random':
    case 'reservoir':
    case 'stratified': {
      const stratifyBy = columnsOf(plan.stratifyBy, 'stratifyBy');
      const strataDraw = { ...draw, plan, stratifyBy };
      return await (plan.replacement ? drawRepeatedly(strataDraw) : drawStratified(strataDraw));
    }
    case 'systematic':
      return await drawSystematic(draw, plan);
    case 'cluster':
      return await drawClusters({
        ...draw,
        plan,
        clusterBy: columnsOf(plan.clusterBy, 'clusterBy'),
      });
    case 'weighted': {
      const { population } = draw;
      const name = plan.weight ?? '';
      const column = population.column(name, '/parameters/weight');
      const { type = '' } = population.columns.find((one) => one.name === name) ?? {};
      return await drawWeighted({ ...draw, plan, weight: { column, name, type } });
    }
  }
}
