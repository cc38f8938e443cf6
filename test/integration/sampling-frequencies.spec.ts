import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SamplingLab, type Parameters } from '../support/sampling-lab.js';

/** How many times as many seeds as in every run: `TABLES=full` takes minutes. */
const MORE = process.env['TABLES'] === 'full' ? 10 : 1;
jest.setTimeout(MORE * 60_000);

/**
 * Of a chi-square with so many degrees of freedom, how many standard deviations it lies above or below what is
 * expected, by the cube root (Wilson and Hilferty 1931). Seeds are fixed, so a test that passes stays so; a
 * wrong probability of one part in ten is tens of deviations away.
 */
function deviation(chiSquare: number, freedom: number): number {
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(chiSquare / freedom) - (1 - spread)) / Math.sqrt(spread);
}

const chiSquareOf = (counts: readonly number[], expected: readonly number[]): number =>
  counts.reduce((sum, count, at) => {
    const theory = expected[at] ?? NaN;
    return sum + (count - theory) ** 2 / theory;
  }, 0);

let lab: SamplingLab;
let many: SamplingLab;

beforeAll(async () => {
  // 12 rows, of which the weights are 1 … 4.
  lab = await SamplingLab.of(
    'SELECT range AS id, range % 3 AS g, range // 2 AS c, range % 4 + 1 AS w FROM range(12)',
  );
  // 2,000 strata of 20 rows, mixed; 4,000 clusters of 10.
  many = await SamplingLab.of(
    'SELECT range AS id, range % 2000 AS g, range % 4000 AS c, range % 4 + 1 AS w FROM range(40000)',
  );
});
afterAll(() => {
  lab.close();
  many.close();
});

/** How often each of the 12 rows is in the samples of so many seeds. */
async function frequencies(parameters: Parameters, seeds: number): Promise<number[]> {
  const counts = Array.from({ length: 12 }, () => 0);
  for (let seed = 0; seed < seeds * MORE; seed += 1) {
    const { rows } = await lab.draw({ columns: ['id'], ...parameters }, seed);
    for (const [id] of rows) counts[Number(id)] = (counts[Number(id)] ?? 0) + 1;
  }
  return counts;
}

describe('Over many seeds, the frequency of each row', () => {
  /**
   * Of fixed samples of n of N with equal probabilities, the sum over rows of (count − Sπ)² / (Sπ(1 − π)) is
   * N/(N − 1) times a chi-square of N − 1; of other designs about one.
   */
  const deviationOf = (counts: readonly number[], share: readonly number[], seeds: number) => {
    const samples = seeds * MORE;
    const sum = counts.reduce((total, count, row) => {
      const of = share[row] ?? NaN;
      return total + (count - samples * of) ** 2 / (samples * of * (1 - of));
    }, 0);
    return deviation((sum * 11) / 12, 11);
  };
  const even = (share: number): number[] => Array.from({ length: 12 }, () => share);

  it.each<[string, Parameters, number, number]>([
    ['random', { method: 'random', rows: 4 }, 1 / 3, 60],
    ['random share', { method: 'random', fraction: 0.25 }, 1 / 4, 60],
    ['reservoir', { method: 'reservoir', rows: 5 }, 5 / 12, 60],
    ['systematic', { method: 'systematic', rows: 5 }, 5 / 12, 200],
    ['stratified', { method: 'stratified', rows: 6, stratifyBy: 'g' }, 1 / 2, 60],
    ['cluster', { method: 'cluster', clusters: 2, clusterBy: 'c' }, 1 / 3, 60],
  ])('is as theory has it: %s', async (_, parameters, share, seeds) => {
    const counts = await frequencies(parameters, seeds);
    // Clusters come and go whole, and systematic samples are few: their counts hang together.
    expect(Math.abs(deviationOf(counts, even(share), seeds))).toBeLessThan(4);
  });

  it('is as theory has it: weighted, each draw in proportion to what is left', async () => {
    const weights = Array.from({ length: 12 }, (_, row) => (row % 4) + 1);
    const counts = await frequencies({ method: 'weighted', rows: 3, weight: 'w' }, 200);
    expect(Math.abs(deviationOf(counts, successive(weights, 3), 200))).toBeLessThan(4);
  });
});

/** Probabilities of inclusion when rows are drawn one after the other: every order of draws, added up. */
function successive(weights: readonly number[], rows: number): number[] {
  const share = weights.map(() => 0);
  const draw = (taken: readonly number[], probability: number): void => {
    if (taken.length === rows) {
      for (const row of taken) share[row] = (share[row] ?? 0) + probability;
      return;
    }
    const left = weights.reduce(
      (sum, weight, row) => (taken.includes(row) ? sum : sum + weight),
      0,
    );
    weights.forEach((weight, row) => {
      if (!taken.includes(row)) draw([...taken, row], (probability * weight) / left);
    });
  };
  draw([], 1);
  return share;
}

describe('In large samples', () => {
  it('every two rows of a stratum are as probable together as any others', async () => {
    // Each stratum is a sample of 5 of 20 by itself; a row is known by its place in it.
    const pairs = await many.ask(
      { method: 'stratified', stratifyBy: 'g', rows: 5, allocation: 'fixed' },
      1,
      `, p AS (SELECT g, id // 2000 AS place FROM s) SELECT a.place, b.place, count(*)
       FROM p a JOIN p b ON a.g = b.g AND a.place < b.place GROUP BY ALL`,
    );
    const share = (5 * 4) / (20 * 19);
    const sum = pairs.reduce(
      (total, [, , count]) =>
        total + (Number(count) - 2000 * share) ** 2 / (2000 * share * (1 - share)),
      0,
    );
    expect(pairs).toHaveLength(190);
    expect(Math.abs(deviation(sum, 189))).toBeLessThan(4);
  });

  it('rows that lie side by side are chosen independently', async () => {
    for (const seed of [1, 2, 3]) {
      const [[count] = []] = await many.ask(
        { method: 'random', rows: 10_000 },
        seed,
        'SELECT count(*) FROM s a JOIN s b ON b.id = a.id + 1',
      );
      // A quarter of a quarter of 40,000, with its standard deviation.
      expect(Math.abs(Number(count) - 2500) / 43).toBeLessThan(4);
    }
  });

  it('samples of neighbouring seeds have no more in common than others', async () => {
    const rowsOf = async (seed: number) =>
      new Set(
        (await many.draw({ method: 'random', rows: 10_000, columns: ['id'] }, seed)).rows.flat(),
      );
    const [one, other] = [await rowsOf(5), await rowsOf(6)];
    const common = [...one].filter((id) => other.has(id)).length;
    expect(Math.abs(common - 2500) / 37.5).toBeLessThan(4);
  });

  it('clusters have the same probability', async () => {
    const counts = await many.ask(
      { method: 'cluster', clusterBy: 'c', fraction: 0.25 },
      1,
      'SELECT c // 40, count(DISTINCT c) FROM s GROUP BY ALL',
    );
    // Of 100 groups of 40 clusters each, 10 of each are expected.
    const sum = counts.reduce((total, [, count]) => total + (Number(count) - 10) ** 2 / 7.5, 0);
    expect(counts).toHaveLength(100);
    expect(Math.abs(deviation(sum, 99))).toBeLessThan(4);
  });

  it('rows are drawn with replacement as dice are thrown', async () => {
    const counts = await lab.ask(
      { method: 'random', rows: 12_000 * MORE, replacement: true },
      3,
      'SELECT id, count(*) FROM s GROUP BY ALL',
    );
    const expected = counts.map(() => 1000 * MORE);
    const sum = chiSquareOf(
      counts.map(([, count]) => Number(count)),
      expected,
    );
    expect(counts).toHaveLength(12);
    expect(Math.abs(deviation(sum, 11))).toBeLessThan(4);
  });

  it('rows are drawn with replacement in proportion to their weights', async () => {
    const counts = await lab.ask(
      { method: 'weighted', weight: 'w', rows: 30_000 * MORE, replacement: true },
      4,
      'SELECT w, count(*) FROM s GROUP BY id, w ORDER BY id',
    );
    const sum = chiSquareOf(
      counts.map(([, count]) => Number(count)),
      counts.map(([weight]) => 1000 * MORE * Number(weight)),
    );
    expect(counts).toHaveLength(12);
    expect(Math.abs(deviation(sum, 11))).toBeLessThan(4);
  });

  it('weights decide without replacement as the exponential clocks of theory do', async () => {
    // Rows whose clock, exponential with the rate w, rings before t are chosen; t from the size (Rosén 1972).
    const counts = await many.ask(
      { method: 'weighted', weight: 'w', rows: 10_000 },
      5,
      'SELECT w, count(*) FROM s GROUP BY ALL ORDER BY w',
    );
    const chosen = (t: number): number[] =>
      [1, 2, 3, 4].map((w) => 10_000 * (1 - Math.exp(-w * t)));
    let [low, high] = [0, 1];
    for (let step = 0; step < 60; step += 1) {
      const t = (low + high) / 2;
      if (chosen(t).reduce((sum, count) => sum + count, 0) < 10_000) low = t;
      else high = t;
    }
    chosen(low).forEach((expected, at) => {
      const spread = Math.sqrt(expected * (1 - expected / 10_000));
      expect(Math.abs(Number(counts[at]?.[1]) - expected) / spread).toBeLessThan(4);
    });
  });

  it('weights estimate totals without bias', async () => {
    for (const parameters of [
      { method: 'stratified', stratifyBy: 'g', fraction: 0.2 },
      { method: 'random', rows: 5000, replacement: true },
      { method: 'weighted', weight: 'w', rows: 5000, replacement: true },
      { method: 'cluster', clusterBy: 'c', clusters: 800 },
      { method: 'systematic', rows: 777 },
    ]) {
      const [[rows, total] = []] = await many.ask(
        { ...parameters, includeWeights: true },
        6,
        'SELECT sum(_weight), sum(_weight * w) FROM s',
      );
      expect(Math.abs(Number(rows) / 40_000 - 1)).toBeLessThan(0.05);
      expect(Math.abs(Number(total) / 100_000 - 1)).toBeLessThan(0.05);
    }
  });
});
