import { allocate } from './allocation.js';
import { pick, type Draw, type Drawn } from './drawn.js';
import { shareOf } from './population.js';
import { belowSql, keySql, KEYS, saltOf } from './random-numbers.js';
import { SampleTooLargeError } from './sampling.errors.js';
import type { SamplingPlan } from './sampling-plan.js';
import { COUNT_ONLY, Strata, type Stratum } from './strata.js';

/** Simple random samples, of all rows or of each stratum. */
export interface StrataDraw extends Draw {
  plan: Pick<SamplingPlan, 'method' | 'rows' | 'fraction' | 'allocation' | 'minimumPerStratum'>;
  /** Columns of the strata, as the population has them; none: all rows are one. */
  stratifyBy: readonly string[];
}

/** Of the rows that a share will probably need, how many more are gathered at once. */
const MARGIN = 1.5;

/**
 * Without replacement: of each stratum the rows with the smallest keys. Every set of so many rows has the same
 * keys' order with the same probability, so it is a simple random sample (Sunter 1977 calls it sorting by
 * random numbers); and it needs no place in a sequence, so that threads change nothing.
 *
 * The table is read once where the size is a share: rows whose key is below a bound somewhat above the share
 * are gathered while the strata are counted. Where that were too few, or the size is in rows, it is read
 * again, with bounds from the counts.
 */
export async function drawStratified(draw: StrataDraw): Promise<Drawn> {
  const { population, columns, plan, stratifyBy } = draw;
  const key = keySql('i', saltOf(draw.seed, 'rows'));
  const first = bound((plan.fraction ?? 0) * MARGIN);
  const near = first === 0n ? 'false' : `${key} < ${first}::UBIGINT`;
  const strata = await Strata.count(
    population,
    stratifyBy,
    plan.fraction === undefined ? { ...COUNT_ONLY, columns } : { near, columns },
  );
  await strata.size(await sizesOf(strata, plan));
  await gatherAll(strata, { key, columns, first });
  const list = ['g.i', ...columns.map((column) => `g.${column}`), 'z.population / z.size AS w'];
  return {
    from:
      `(SELECT ${list.join(', ')} FROM gathered AS g JOIN sized AS z ON ${strata.match('g', 'z')} ` +
      `WHERE g.i IS NOT NULL QUALIFY row_number() OVER (PARTITION BY z.stratum ` +
      `ORDER BY ${keySql('g.i', saltOf(draw.seed, 'rows'))}) <= z.size)`,
    ...told(strata, stratifyBy),
  };
}

/** With replacement: each draw takes any row of its stratum with the same probability. */
export async function drawRepeatedly(draw: StrataDraw): Promise<Drawn> {
  const { population, plan, stratifyBy, seed } = draw;
  const strata = await Strata.count(population, stratifyBy, COUNT_ONLY);
  const sizes = await sizesOf(strata, plan, true);
  await strata.size(sizes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const place = belowSql('d.j', saltOf(seed, 'draws'), 'z.population');
  const drawn =
    `(SELECT z.*, z.population / z.size AS w, ${place} AS o FROM (SELECT range AS j FROM range(${total})) AS d ` +
    `ASOF JOIN (SELECT * FROM sized WHERE size > 0) AS z ON d.j >= z.before)`;
  // Where rows have their numbers as places, nothing needs to be looked for.
  const places =
    population.isDense && stratifyBy.length === 0
      ? `SELECT o AS i, w FROM ${drawn}`
      : `SELECT f.i, d.w FROM ${drawn} AS d JOIN ${population.ordinals(stratifyBy)} AS f ` +
        `ON d.o = f.o AND ${strata.match('f', 'd', false)}`;
  await population.run(`CREATE TEMP TABLE chosen AS ${places}`);
  return { from: await pick(draw, [['i', 'i']]), ...told(strata, stratifyBy) };
}

async function sizesOf(
  strata: Strata,
  plan: StrataDraw['plan'],
  isRepeated = false,
): Promise<number[]> {
  if (plan.allocation === 'fixed') return await fixedSizes(strata, plan.rows ?? 0, isRepeated);
  const populations = strata.all.map(({ population }) => population);
  const all = strata.rows;
  const size = plan.rows ?? shareOf(all, plan.fraction ?? 1);
  if (size <= all || isRepeated) return allocate(size, populations, plan.minimumPerStratum ?? 0);
  // Of a stream that ends early, a reservoir has all.
  if (plan.method === 'reservoir') return populations;
  throw new SampleTooLargeError(size, all, 'rows');
}

async function fixedSizes(strata: Strata, size: number, isRepeated: boolean): Promise<number[]> {
  const small = strata.all.findIndex(({ population }) => population < size);
  if (small >= 0 && !isRepeated) {
    const { population } = strata.all[small] as Stratum;
    const name = await strata.nameOf(small);
    throw new SampleTooLargeError(size, population, `rows of the stratum ${name}`);
  }
  return strata.all.map(() => size);
}

/** Until each stratum has as many rows as are chosen from it; what counts is decided by their keys alone. */
async function gatherAll(
  strata: Strata,
  { key, columns, first }: { key: string; columns: readonly string[]; first: bigint },
): Promise<void> {
  const low = strata.all.map(() => first);
  for (let isFirst = true; ; isFirst = false) {
    const short = strata.all.flatMap(({ found, size }, stratum) => (found < size ? stratum : []));
    if (short.length === 0) return;
    const bounds = short.map((stratum) => ({
      stratum,
      low: low[stratum] ?? 0n,
      high: (isFirst ? safeBound(strata.all[stratum] as Stratum) : KEYS) - 1n,
    }));
    // Small strata are gathered whole: by themselves, so that their bound is not that of large ones.
    for (const part of [true, false]) {
      const those = bounds.filter(({ high }) => (high === KEYS - 1n) === part);
      if (those.length > 0) await strata.gather(key, columns, those);
    }
    for (const { stratum, high } of bounds) low[stratum] = high + 1n;
  }
}

/** Below it are fewer keys than wanted about once in 20,000 strata, and then all are gathered. */
const safeBound = ({ size, population }: Stratum): bigint =>
  bound((size + 6 * Math.sqrt(size) + 20) / population);

const bound = (share: number): bigint =>
  share >= 1 ? KEYS : BigInt(Math.floor(share * 2 ** 53)) * 2n ** 11n;

const told = (
  strata: Strata,
  stratifyBy: readonly string[],
): Pick<Drawn, 'population' | 'figures'> => ({
  population: strata.rows,
  figures: stratifyBy.length > 0 ? { strata: strata.all.length } : {},
});
