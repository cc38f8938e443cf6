import { quoteIdentifier } from '../values/quote.js';
import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { kindOf } from './column-kind.js';
import type { ColumnKind } from './dto/statistics-of-table.dto.js';
import { type AnyScale, scaleOf } from './scales.js';

/** A column that is being measured, and the names of what a pass reads of it. */
export interface Subject {
  column: Column;
  kind: ColumnKind;
  scale: AnyScale | null;
  /** Its value. */
  cell: string;
  /** Its hash; NULL of NULL. */
  hash: string;
  /** Its place on the scale; NULL when it has none. */
  place: string;
}

/** Share of the rows that are looked at for frequent values. */
export const SAMPLE = 0.01;

export const subjectsOf = (columns: readonly Column[]): Subject[] =>
  columns.map((column, index) => {
    const kind = kindOf(column.type);
    const scale = scaleOf(kind, column.type);
    const [cell, hash, place] = [`c${index}`, `h${index}`, `p${index}`];
    return { column, kind, scale, cell, hash, place };
  });

/** What stands after FROM in a pass. The engine works out only what the pass uses of it. */
export function sourceOf(relation: string, subjects: readonly Subject[]): string {
  const cells = subjects.map(({ column, cell }) => `${quoteIdentifier(column.name)} AS ${cell}`);
  const derived = subjects.flatMap(({ cell, hash, place, scale }) => [
    cell,
    `CASE WHEN ${cell} IS NOT NULL THEN hash(${cell}) END AS ${hash}`,
    ...(scale ? [`${scale.sql(cell)} AS ${place}`] : []),
  ]);
  return `(SELECT ${derived.join(', ')}, random() < ${SAMPLE} AS sampled
           FROM (SELECT ${cells.join(', ')} FROM ${relation}))`;
}
