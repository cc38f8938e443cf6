import { pick, type Draw, type Drawn } from './drawn.js';
import { shareOf } from './population.js';
import { keySql, saltOf, unitSql } from './random-numbers.js';
import { InvalidWeightsError, SampleTooLargeError } from './sampling.errors.js';
import type { SamplingPlan } from './sampling-plan.js';

export interface WeightedDraw extends Draw {
  plan: Pick<SamplingPlan, 'rows' | 'fraction' | 'replacement'>;
  weight: {
    /** As the population has it. */
    column: string;
    name: string;
    type: string;
  };
}

const NUMBERS = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;

/**
 * Without replacement: the rows with the largest u^(1/w), u uniform in (0, 1) (algorithm A-ES of Efraimidis and
 * Spirakis 2006): as if rows were drawn one after the other, each with a probability in proportion to its
 * weight among those left. Compared as ln(−ln u) − ln w, which orders them in the same way and neither
 * overflows nor becomes zero.
 *
 * With replacement: each draw takes a row with the probability w / Σw, by cumulated weights.
 */
export async function drawWeighted(draw: WeightedDraw): Promise<Drawn> {
  const { population, plan, seed, weight } = draw;
  if (!NUMBERS.test(weight.type)) {
    throw new InvalidWeightsError(
      `The column ${weight.name} is of type ${weight.type}, no number.`,
    );
  }
  await population.run(
    `CREATE TEMP TABLE frame AS SELECT i, CAST(${weight.column} AS DOUBLE) AS weight FROM ${population.sql}`,
  );
  const { all, positive } = await check(draw);
  const size = plan.rows ?? shareOf(all, plan.fraction ?? 1);
  if (plan.replacement) {
    await drawEach(draw, size);
  } else {
    if (size > positive) {
      throw new SampleTooLargeError(size, positive, 'rows with a weight above 0');
    }
    const unit = unitSql('i', saltOf(seed, 'rows'));
    await population.bench.run(
      `CREATE TEMP TABLE chosen AS SELECT i, NULL AS w FROM frame WHERE weight > 0 ` +
        `ORDER BY ln(-ln(${unit})) - ln(weight), i LIMIT ${size}`,
    );
  }
  return {
    from: await pick(draw, [['i', 'i']]),
    population: all,
    figures: { positive_weights: positive },
  };
}

/** @throws InvalidWeightsError, EmptyPopulationError */
async function check({
  population,
  weight,
}: WeightedDraw): Promise<{ all: number; positive: number }> {
  const faults = {
    'no weight (NULL)': 'weight IS NULL',
    'the weight NaN': 'isnan(weight)',
    'an infinite weight': 'isinf(weight)',
    'a negative weight': 'weight < 0',
  };
  const counts = Object.values(faults).map((fault) => `count(*) FILTER (${fault})`);
  const [row = []] = await population.figures(
    `SELECT count(*), count(*) FILTER (weight > 0 AND isfinite(weight)), ${counts.join(', ')} FROM frame`,
  );
  const [all = 0, positive = 0, ...found] = row;
  population.notEmpty(all);
  const told = Object.keys(faults).flatMap((fault, at) =>
    found[at] ? `${found[at]} have ${fault}` : [],
  );
  if (told.length > 0) {
    throw new InvalidWeightsError(
      `Of the ${all} rows, by their ${weight.name}: ${told.join(', ')}.`,
    );
  }
  if (positive === 0) {
    throw new InvalidWeightsError(`All ${all} rows have a ${weight.name} of 0.`);
  }
  return { all, positive };
}

async function drawEach({ population, seed }: WeightedDraw, size: number): Promise<void> {
  // Without ORDER BY the sum is made row by row as the table has them, so it is the same each time. What is too
  // small to change it has no probability that a DOUBLE could tell.
  await population.bench.run(
    `CREATE TEMP TABLE cumulated AS SELECT upto, min(i) AS i, min_by(weight, i) AS weight FROM (SELECT i, weight, ` +
      `sum(weight) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto FROM frame) ` +
      `WHERE weight > 0 GROUP BY upto`,
  );
  const [[, isFinite = 0] = []] = await population.figures(
    'SELECT 0, isfinite(max(upto))::INTEGER FROM cumulated',
  );
  if (!isFinite) throw new InvalidWeightsError('The sum of all weights is larger than a DOUBLE.');
  const unit = `(CAST(${keySql('range', saltOf(seed, 'draws'))} >> 11 AS DOUBLE) / ${2 ** 53})`;
  await population.bench.run(
    `CREATE TEMP TABLE chosen AS SELECT c.i, total / ${size} / c.weight AS w FROM ` +
      `(SELECT ${unit} * total AS at, total FROM range(${size}), (SELECT max(upto) AS total FROM cumulated)) AS d ` +
      `ASOF JOIN cumulated AS c ON d.at < c.upto`,
  );
}
