import { among, matching, type Population } from './population.js';
import { KEYS } from './random-numbers.js';
import { TooManyGroupsError } from './sampling.errors.js';

/** As many can be told to the service and back. */
export const MAX_STRATA = 10_000;

export interface Stratum {
  population: number;
  /** Of its rows, those that were gathered while they were counted. */
  found: number;
  /** Rows that are chosen from it. */
  size: number;
}

/** What is gathered of rows while strata are counted, so that one scan does both. */
export interface Gathering {
  /** A condition: few rows should fulfil it. */
  near: string;
  columns: readonly string[];
}

/** Where no row is near, rows are counted only. */
export const COUNT_ONLY: Gathering = { near: 'false', columns: [] };

/**
 * The rows of each value of some columns; without columns, all rows as one stratum.
 *
 * Tables: `gathered (s0, …, i, c0, …, n)` has the rows that are near, and one row without `i` for all others of
 * a stratum; grouping does it, which goes to disk when it must, as a list of rows would not. `strata` and
 * `sized` (stratum, s0, …, population, size, before) have a row a stratum, in the order of its values, so that
 * nothing depends on the order of the work.
 */
export class Strata {
  private constructor(
    private readonly population: Population,
    /** As the population has them. */
    private readonly columns: readonly string[],
    readonly all: readonly Stratum[],
  ) {}

  /** @throws TooManyGroupsError, EmptyPopulationError; what reading the table throws */
  static async count(
    population: Population,
    columns: readonly string[],
    { near, columns: gathered }: Gathering,
  ): Promise<Strata> {
    const names = columns.map((_, at) => `s${at}`);
    const list = [
      ...columns.map((column, at) => `${column} AS s${at}`),
      ...['i', ...gathered].map((column) => `CASE WHEN near THEN ${column} END AS ${column}`),
    ];
    const kept = [...names, 'i', ...gathered].join(', ');
    await population.run(
      `CREATE TEMP TABLE gathered AS SELECT ${kept}, count(*) AS n FROM (SELECT ${list.join(', ')} ` +
        `FROM (SELECT *, ${near} AS near FROM ${population.sql})) GROUP BY ${kept}`,
    );
    const by = names.join(', ');
    await population.bench.run(
      `CREATE TEMP TABLE strata AS SELECT row_number() OVER (${by && `ORDER BY ${by}`}) - 1 AS stratum, * ` +
        `FROM (SELECT ${by && `${by}, `}CAST(sum(n) AS BIGINT) AS population, count(i) AS found ` +
        `FROM gathered ${by && `GROUP BY ${by}`})`,
    );
    const [[found = 0, rows = 0] = []] = await population.figures(
      'SELECT count(*), coalesce(sum(population), 0) FROM strata',
    );
    population.notEmpty(rows);
    if (found > MAX_STRATA) throw new TooManyGroupsError('strata', found, MAX_STRATA);
    const all = await population.figures('SELECT population, found FROM strata ORDER BY stratum');
    return new Strata(
      population,
      columns,
      all.map(([of = 0, near = 0]) => ({ population: of, found: near, size: 0 })),
    );
  }

  get rows(): number {
    return this.all.reduce((total, { population }) => total + population, 0);
  }

  /** The values of a stratum, for messages. */
  async nameOf(stratum: number): Promise<string> {
    if (this.columns.length === 0) return '';
    const names = this.columns.map((_, at) => `coalesce(CAST(s${at} AS VARCHAR), 'NULL')`);
    const [[name = ''] = []] = await this.population.bench.rows(
      `SELECT left(concat_ws(', ', ${names.join(', ')}), 100) FROM strata WHERE stratum = ${stratum}`,
    );
    return name as string;
  }

  /** Fixes how many rows are chosen of each, in the table `sized`. */
  async size(sizes: readonly number[]): Promise<void> {
    let before = 0;
    const rows = sizes.map((size, stratum) => {
      (this.all[stratum] as Stratum).size = size;
      before += size;
      return `(${stratum}, ${size}, ${before - size})`;
    });
    await this.population.bench.run(
      `CREATE TEMP TABLE sized AS SELECT strata.*, size, before ` +
        `FROM strata JOIN (VALUES ${rows.join(', ')}) AS v (stratum, size, before) USING (stratum)`,
    );
  }

  /** Gathers more rows of some strata: those whose `key` lies between the bounds, which may be included. */
  async gather(
    key: string,
    columns: readonly string[],
    bounds: readonly { stratum: number; low: bigint; high: bigint }[],
  ): Promise<void> {
    const own = this.columns.map((column) => `p.${column}`);
    const list = [...own, 'p.i', ...columns.map((column) => `p.${column}`), '1'].join(', ');
    const rows = bounds.map(
      ({ stratum, low, high }) => `(${stratum}, ${low}::UBIGINT, ${high}::UBIGINT)`,
    );
    const most = bounds.reduce((max, { high }) => (high > max ? high : max), 0n);
    const least = bounds.reduce((min, { low }) => (low < min ? low : min), KEYS);
    const keyed =
      `(SELECT *, ${key} AS key FROM ${this.population.sql} ` +
      `WHERE ${key} BETWEEN ${least}::UBIGINT AND ${most}::UBIGINT)`;
    const short = `(SELECT * FROM sized JOIN (VALUES ${rows.join(', ')}) AS v (stratum, low, high) USING (stratum))`;
    const from =
      own.length === 0
        ? `${keyed} AS p`
        : `(SELECT * FROM ${keyed} WHERE ${among(this.pairs(false), short)}) AS p JOIN ${short} AS z ` +
          `ON ${this.match('p', 'z', false)} AND p.key >= z.low AND p.key <= z.high`;
    await this.population.run(`INSERT INTO gathered SELECT ${list} FROM ${from}`);
    const counts = await this.population.figures(
      `SELECT stratum, count(*) FROM gathered AS g JOIN sized AS z ON ${this.match('g', 'z')} ` +
        `WHERE g.i IS NOT NULL GROUP BY stratum`,
    );
    for (const [stratum = 0, found = 0] of counts) (this.all[stratum] as Stratum).found = found;
  }

  /** Whether a row is of a stratum. @param isNamed whether the row's columns are called as the strata's */
  match(row: string, stratum: string, isNamed = true): string {
    return matching(row, stratum, this.pairs(isNamed));
  }

  private pairs(isNamed: boolean): [string, string][] {
    return this.columns.map((column, at) => [isNamed ? `s${at}` : column, `s${at}`]);
  }
}
