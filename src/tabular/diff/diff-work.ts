import type { Readable } from 'node:stream';
import type { Json } from '../values/json-text.js';
import type { Workbench } from '../workbench/table-workbench.service.js';
import { typeVerdict } from '../compare/type-verdict.js';
import { isFloat } from './comparison.js';
import { KeyNotUniqueError, type KeyFaults } from './diff.errors.js';
import {
  countOf,
  keyedChanges,
  keyLooks,
  keyRepeats,
  suspectsOf,
  unkeyedChanges,
  widthOf,
  type Share,
} from './diff-sql.js';
import {
  CHANGES,
  type Change,
  type ColumnPair,
  type DiffLayout,
  type DiffPlan,
  type BenchSides,
  type DiffSpec,
  type DiffSummary,
  type Side,
} from './diff.types.js';
import { keptSelect, layoutOf } from './kept-changes.js';
import { planDiff } from './plan-diff.js';

export interface DiffLimits {
  /** That the process may have. */
  memoryBytes: number;
  /** More shares than it seems to need. */
  factor: number;
  maxShares: number;
}

/** Of the memory, what the rows of a share may seem to need: joins and sorts need room beside them. */
export const SHARE_OF_MEMORY = 0.2;
/** Of a row's bits and what a hash table has beside them. */
const BITS_WIDTH = 24;
const EXAMPLES = 10;
const SIDES: readonly Side[] = ['base', 'head'];

/** One diff of the tables `base` and `head` of a workbench. */
export class DiffWork {
  private readonly plan: DiffPlan;
  private readonly layout: DiffLayout;

  /** @throws UnknownColumnError, InvalidDiffError */
  constructor(
    private readonly bench: Workbench,
    private readonly sides: BenchSides,
    private readonly spec: DiffSpec,
    private readonly limits: DiffLimits,
  ) {
    const { base, head } = sides.columns;
    this.plan = planDiff(base, head, spec);
    this.layout = layoutOf(this.plan);
  }

  /** Finds all changes, and leaves them in the table `found`. @throws KeyNotUniqueError */
  async find(): Promise<{ summary: DiffSummary; layout: DiffLayout }> {
    const { key } = this.plan;
    const widths = await this.widths();
    const rows = await this.countRows(widths.narrow);
    const most = Math.max(rows.base, rows.head);
    let shares = this.sharesOf(most * widths.whole);
    const amongSuspects = shares.length > 1 && this.haveBits;
    if (amongSuspects) {
      const narrow = this.sharesOf(most * widths.narrow);
      await this.collect('suspects', narrow, (share) => suspectsOf(this.plan, share));
      const [suspects] = await this.one('SELECT count(*) FROM suspects');
      shares = this.sharesOf(Number(suspects) * widths.whole);
    }
    const { tolerance } = this.spec;
    await this.collect('found', shares, (share) =>
      key
        ? keyedChanges(this.plan, { tolerance, share, amongSuspects })
        : unkeyedChanges(this.plan, { share, amongSuspects }),
    );
    const counted = await this.bench.rows(
      `SELECT change, sum(${key ? '1' : 'n'})::BIGINT FROM found GROUP BY change`,
    );
    const found = new Map(counted.map(([change, count]) => [change as Change, Number(count)]));
    return { summary: this.summaryOf(rows, found), layout: this.layout };
  }

  /** Writes them, in the order of the keys. */
  async write<T>(keep: (content: Readable) => Promise<T>): Promise<T> {
    const how = {
      format: 'parquet' as const,
      options: { compression: 'snappy', guardFormulas: false },
    };
    return (await this.bench.write(keptSelect(this.layout), how, keep)).kept;
  }

  private async one(sql: string): Promise<Json[]> {
    return (await this.bench.rows(sql))[0] ?? [];
  }

  private async collect(
    table: string,
    shares: readonly Share[],
    select: (share: Share) => string,
  ): Promise<void> {
    for (const share of shares) {
      const into = share.part === 0 ? `CREATE TEMP TABLE ${table} AS` : `INSERT INTO ${table}`;
      await this.bench.run(`${into} ${select(share)}`);
    }
  }

  /** Whether equal rows have equal bits: not where they are equal within a tolerance. */
  private get haveBits(): boolean {
    const { tolerance } = this.spec;
    return !tolerance || !this.plan.compared.some(({ comparison }) => isFloat(comparison.type));
  }

  /** About how many bytes a row takes in memory: all of it, and its key with 64 bits. */
  private async widths(): Promise<{ whole: number; narrow: number }> {
    const widths = { whole: 0, narrow: 0 };
    for (const side of SIDES) {
      const key = (this.plan.key ?? []).map((pair) => pair[side]);
      const [whole] = await this.one(widthOf(side, this.sides.columns[side]));
      const [narrow] = key.length > 0 ? await this.one(widthOf(side, key)) : [0];
      widths.whole = Math.max(widths.whole, Number(whole));
      widths.narrow = Math.max(widths.narrow, Number(narrow) + BITS_WIDTH);
    }
    return widths;
  }

  /** Of rows of so many bytes, such that each fits into memory. */
  private sharesOf(bytes: number): Share[] {
    const { memoryBytes, factor, maxShares } = this.limits;
    const needed = Math.ceil(bytes / (memoryBytes * SHARE_OF_MEMORY)) * factor;
    const of = Math.min(Math.max(needed, 1), maxShares);
    return Array.from({ length: of }, (_, part) => ({ of, part }));
  }

  /** @throws KeyNotUniqueError */
  private async countRows(narrow: number): Promise<Record<Side, number>> {
    const rows: Record<Side, number> = { base: 0, head: 0 };
    const faults: { base?: KeyFaults; head?: KeyFaults } = {};
    for (const side of SIDES) {
      if (!this.plan.key) {
        rows[side] = Number((await this.one(countOf(side)))[0]);
        continue;
      }
      const [count, nullRows, grows] = await this.one(keyLooks(this.plan.key, side));
      rows[side] = Number(count);
      if (nullRows === 0 && grows === true) continue;
      const found = await this.faultsOf(side, Number(nullRows), this.sharesOf(rows[side] * narrow));
      if (found.nullRows > 0 || found.duplicates > 0) faults[side] = found;
    }
    if (Object.keys(faults).length > 0) throw new KeyNotUniqueError(this.keyNames, faults);
    return rows;
  }

  private async faultsOf(
    side: Side,
    nullRows: number,
    shares: readonly Share[],
  ): Promise<KeyFaults> {
    const key = this.plan.key ?? [];
    const faults: KeyFaults = { nullRows, duplicates: 0, duplicateRows: 0, examples: [] };
    for (const share of shares) {
      const sql = keyRepeats(key, side, share, EXAMPLES);
      const [values, rows] = await this.one(sql.totals);
      faults.duplicates += Number(values);
      faults.duplicateRows += Number(rows);
      if (Number(values) === 0) continue;
      for (const [n, ...cells] of await this.bench.rows(sql.examples)) {
        const names = this.keyNames.map((name, place) => [name, cells[place] ?? null] as const);
        faults.examples.push({ key: Object.fromEntries(names), rows: Number(n) });
      }
    }
    faults.examples = faults.examples.sort((a, b) => b.rows - a.rows).slice(0, EXAMPLES);
    return faults;
  }

  private get keyNames(): string[] {
    return (this.plan.key ?? []).map(({ head }) => head.name);
  }

  private summaryOf(rows: Record<Side, number>, found: ReadonlyMap<Change, number>): DiffSummary {
    const { key, compared, apart, added, removed, renames } = this.plan;
    const { beside } = this.sides;
    const base = rows.base + beside;
    const [inserted, updated, deleted] = CHANGES.map((change) => found.get(change) ?? 0) as [
      number,
      number,
      number,
    ];
    const retyped = [...(key ?? []), ...compared, ...apart.map(notCompared)]
      .filter(({ base, head }) => typeVerdict(base.type, head.type) !== 'identical')
      .map((pair) => ({
        name: pair.head.name,
        from: pair.base.type,
        to: pair.head.type,
        comparedAs: pair.comparison?.type ?? null,
      }));
    return {
      key: key && this.keyNames,
      counts: { inserted, updated, deleted, unchanged: base - updated - deleted },
      rows: { base, head: rows.head + beside },
      columns: {
        compared: compared.map(({ head }) => head.name),
        added: added.map(toColumn),
        removed: removed.map(toColumn),
        retyped,
        renamed: renames,
      },
      tolerance: this.spec.tolerance,
    };
  }
}

type Columns = readonly { name: string; type: string }[];

const notCompared = (pair: ColumnPair): ColumnPair & { comparison: null } => ({
  ...pair,
  comparison: null,
});

const toColumn = ({ name, type }: Columns[number]): Columns[number] => ({ name, type });
