import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AllocationImpossibleError,
  EmptyPopulationError,
  InvalidWeightsError,
  SampleTooLargeError,
  TooManyGroupsError,
} from '../../src/analysis/sampling/sampling.errors.js';
import { InvalidFilterError, UnknownColumnError } from '../../src/tabular/tabular.errors.js';
import { SamplingLab, type Parameters } from '../support/sampling-lab.js';

const labs: SamplingLab[] = [];
const labOf = async (select: string): Promise<SamplingLab> => {
  const lab = await SamplingLab.of(select);
  labs.push(lab);
  return lab;
};

afterAll(() => {
  for (const lab of labs) lab.close();
});

describe('What the table does not give is refused', () => {
  let lab: SamplingLab;

  beforeAll(async () => {
    lab =
      await labOf(`SELECT range AS id, range // 4 AS g, CASE range WHEN 3 THEN NULL ELSE 1 END AS missing,
      CASE range WHEN 3 THEN -0.5 ELSE 1 END AS negative, CASE range WHEN 3 THEN 'NaN'::DOUBLE ELSE 1 END AS nan,
      CASE range WHEN 3 THEN '-Infinity'::DOUBLE WHEN 4 THEN 'Infinity' ELSE 1 END AS infinite, 0 AS zero, 1e308 AS huge, 'a' AS text,
      range = 1 AS single FROM range(10)`);
  });

  it.each<[string, Parameters, new (...of: never[]) => Error, RegExp]>([
    [
      'a column',
      { method: 'stratified', stratifyBy: ['g', 'x'], rows: 1 },
      UnknownColumnError,
      /x \(\/parameters\/stratifyBy\/1\).* id, g/,
    ],
    [
      'a cluster column',
      { method: 'cluster', clusterBy: 'x', rows: 1 },
      UnknownColumnError,
      /clusterBy\/0/,
    ],
    [
      'a weight',
      { method: 'weighted', weight: 'x', rows: 1 },
      UnknownColumnError,
      /\/parameters\/weight/,
    ],
    [
      'a column of the filter',
      { method: 'random', rows: 1, where: 'x = 1' },
      UnknownColumnError,
      /x/,
    ],
    [
      'a filter of another type',
      { method: 'random', rows: 1, where: "id = 'a'" },
      InvalidFilterError,
      /id/,
    ],
    ['rows', { method: 'random', rows: 11 }, SampleTooLargeError, /^11 rows .* 10\./],
    [
      'rows that fulfil',
      { method: 'random', rows: 11, where: 'id > 4' },
      SampleTooLargeError,
      /^11 rows .* 5\./,
    ],
    [
      'systematic rows',
      { method: 'systematic', rows: 11 },
      SampleTooLargeError,
      /^11 rows .* 10\./,
    ],
    [
      'rows of strata in all',
      { method: 'stratified', stratifyBy: 'g', rows: 11 },
      SampleTooLargeError,
      /^11 rows .* 10\./,
    ],
    [
      'rows of one stratum',
      { method: 'stratified', stratifyBy: 'g', rows: 3, allocation: 'fixed' },
      SampleTooLargeError,
      /^3 rows of the stratum 2 .* 2\./,
    ],
    [
      'minima',
      { method: 'stratified', stratifyBy: 'g', rows: 7, minimumPerStratum: 3 },
      AllocationImpossibleError,
      /8 rows .* 7\./,
    ],
    [
      'clusters',
      { method: 'cluster', clusterBy: 'g', clusters: 4 },
      SampleTooLargeError,
      /^4 clusters .* 3\./,
    ],
    [
      'rows of clusters',
      { method: 'cluster', clusterBy: 'g', rows: 11 },
      SampleTooLargeError,
      /^11 rows .* 10\./,
    ],
    [
      'weighted rows',
      { method: 'weighted', weight: 'single', rows: 1 },
      InvalidWeightsError,
      /BOOLEAN/,
    ],
    ['no rows', { method: 'random', rows: 1, where: 'id < 0' }, EmptyPopulationError, /`where`/],
    [
      'no rows of strata',
      { method: 'stratified', stratifyBy: 'g', rows: 1, where: 'id < 0' },
      EmptyPopulationError,
      /`where`/,
    ],
    [
      'no systematic rows',
      { method: 'systematic', rows: 1, where: 'id < 0' },
      EmptyPopulationError,
      /`where`/,
    ],
    [
      'no clusters',
      { method: 'cluster', clusterBy: 'g', rows: 1, where: 'id < 0' },
      EmptyPopulationError,
      /`where`/,
    ],
    [
      'no weighted rows',
      { method: 'weighted', weight: 'id', rows: 1, where: 'id < 0' },
      EmptyPopulationError,
      /`where`/,
    ],
    [
      'null weights',
      { method: 'weighted', weight: 'missing', rows: 1 },
      InvalidWeightsError,
      /10 rows.*missing: 1 have no weight/,
    ],
    [
      'negative weights',
      { method: 'weighted', weight: 'negative', rows: 1 },
      InvalidWeightsError,
      /1 have a negative/,
    ],
    [
      'NaN',
      { method: 'weighted', weight: 'nan', rows: 1 },
      InvalidWeightsError,
      /1 have the weight NaN\./,
    ],
    [
      'infinite weights',
      { method: 'weighted', weight: 'infinite', rows: 1 },
      InvalidWeightsError,
      /2 have an infinite/,
    ],
    [
      'weights of zero',
      { method: 'weighted', weight: 'zero', rows: 1 },
      InvalidWeightsError,
      /All 10/,
    ],
    [
      'texts as weights',
      { method: 'weighted', weight: 'text', rows: 1 },
      InvalidWeightsError,
      /VARCHAR/,
    ],
    [
      'weights without a sum',
      { method: 'weighted', weight: 'huge', rows: 1, replacement: true },
      InvalidWeightsError,
      /sum/,
    ],
    [
      'positive weights',
      { method: 'weighted', weight: 'id', rows: 10 },
      SampleTooLargeError,
      /^10 rows with a weight above 0 .* 9\./,
    ],
  ])('%s', async (_, parameters, type, detail) => {
    const failure = await lab.draw(parameters).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toMatch(detail);
  });

  it('an empty table, and too many strata or clusters', async () => {
    const empty = await labOf('SELECT 1 AS id WHERE false');
    await expect(empty.draw({ method: 'random', rows: 1 })).rejects.toThrow('no rows');
    const [many, wide] = [
      await labOf('SELECT range AS id FROM range(10001)'),
      await labOf('SELECT range AS id FROM range(1000001)'),
    ];
    const strata = many.draw({ method: 'stratified', stratifyBy: 'id', fraction: 0.1 });
    await expect(strata).rejects.toThrow(TooManyGroupsError);
    const clusters = wide.draw({ method: 'cluster', clusterBy: 'id', clusters: 1 });
    await expect(clusters).rejects.toThrow(/1000001 clusters/);
  });
});
