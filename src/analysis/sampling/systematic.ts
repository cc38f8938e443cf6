import { pick, type Draw, type Drawn } from './drawn.js';
import { shareOf } from './population.js';
import { below, saltOf } from './random-numbers.js';
import { SampleTooLargeError } from './sampling.errors.js';
import type { SamplingPlan } from './sampling-plan.js';

/**
 * Every N/n-th row from a random start (Madow and Madow 1944; with a fractional interval, Särndal et al. 1992,
 * section 3.4): row k of N is chosen where a multiple of N lies in [k·n − R, (k + 1)·n − R), for a start R that
 * is each of 0 … N − 1 with the same probability. In whole numbers: exactly n rows, each with n/N.
 */
export async function drawSystematic(
  draw: Draw,
  { rows, fraction }: Pick<SamplingPlan, 'rows' | 'fraction'>,
): Promise<Drawn> {
  const { population, seed, columns } = draw;
  const all = population.notEmpty(await population.count());
  const size = rows ?? shareOf(all, fraction ?? 1);
  if (size > all) throw new SampleTooLargeError(size, all, 'rows');
  const start = below(saltOf(seed, 'start'), all);
  const type = BigInt(size) * BigInt(all) < 2n ** 62n ? 'BIGINT' : 'HUGEINT';
  const isChosen = (k: string): string =>
    `(${all} - (CAST(${k} AS ${type}) * ${size} + ${all - start}) % ${all}) % ${all} < ${size}`;
  const list = ['i', ...columns].join(', ');
  const drawn = { population: all, figures: { interval: all / size, start } };
  if (population.isDense) {
    const from = `(SELECT ${list}, ${all} / ${size} AS w FROM ${population.sql} WHERE ${isChosen('i')})`;
    return { from, parameters: population.parameters, ...drawn };
  }
  await population.run(
    `CREATE TEMP TABLE chosen AS SELECT i, ${all} / ${size} AS w FROM ${population.ordinals([])} WHERE ${isChosen('o')}`,
  );
  return { from: await pick(draw, [['i', 'i']]), ...drawn };
}
