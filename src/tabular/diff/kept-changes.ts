import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { isExactInParquet } from '../engine/child/staged-table.js';
import { quoteIdentifier } from '../values/quote.js';
import { shownPairs } from './diff-sql.js';
import type { DiffLayout, DiffPlan, KeptColumn } from './diff.types.js';

/**
 * The columns of the artifact with the changes. One that is compared is there twice, as `x.before` and
 * `x.after`; of updated rows only changed cells are filled. Where a table has such a name itself, ours
 * gets a `_` before it.
 */
export function layoutOf(plan: DiffPlan): DiffLayout {
  const names = new Names();
  const change = names.free('change');
  const isKeyed = plan.key !== null;
  const changed = isKeyed ? names.free('changed_columns') : null;
  const rows = isKeyed ? null : names.free('rows');
  const key = (plan.key ?? []).map(({ head, comparison }) =>
    names.keep({ name: head.name, type: comparison.type }, ''),
  );
  const columns = isKeyed
    ? shownPairs(plan).map(({ base, head }) => ({
        before: base && names.keep(base, '.before'),
        after: head && names.keep(head, '.after'),
      }))
    : plan.compared.map(({ head, comparison }) => ({
        before: null,
        after: names.keep({ name: head.name, type: comparison.type }, ''),
      }));
  return { change, changed, rows, key, columns };
}

/** DuckDB takes upper and lower case for the same. */
class Names {
  private readonly taken = new Set<string>();

  free(wanted: string): string {
    let name = wanted;
    while (this.taken.has(name.toLowerCase())) name = `_${name}`;
    this.taken.add(name.toLowerCase());
    return name;
  }

  keep({ name, type }: Column, suffix: string): KeptColumn {
    return { name, type, as: this.free(`${name}${suffix}`) };
  }
}

/** What was found, as the artifact has it: in the order of the keys, so that the same diff is the same bytes. */
export function keptSelect({ change, changed, rows, key, columns }: DiffLayout): string {
  const list = [
    `change AS ${quoteIdentifier(change)}`,
    ...(changed === null ? [] : [`marks AS ${quoteIdentifier(changed)}`]),
    ...(rows === null ? [] : [`n AS ${quoteIdentifier(rows)}`]),
    ...key.map((column, place) => kept(`k${place}`, column)),
    ...columns.flatMap(({ before, after }, place) => [
      ...(before ? [kept(`b${place}`, before)] : []),
      ...(after ? [kept(`h${place}`, after)] : []),
    ]),
  ];
  const order =
    rows === null
      ? key.map((_, place) => `k${place}`)
      : columns.map((_, place) => `h${place}`).concat('change', 'n');
  return `SELECT ${list.join(', ')} FROM found ORDER BY ${order.join(', ')}`;
}

const kept = (sql: string, { type, as }: KeptColumn): string =>
  `${isExactInParquet(type) ? sql : `CAST(${sql} AS VARCHAR)`} AS ${quoteIdentifier(as)}`;
