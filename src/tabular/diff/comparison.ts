import { typeVerdict } from '../compare/type-verdict.js';
import { parseType, type ColumnType } from '../values/column-type.js';

/** How values of two types are compared. */
export interface Comparison {
  /** Both are cast to it. */
  type: string;
  /** Of this side whole numbers, which a DOUBLE need not hold exactly. */
  whole: 'base' | 'head' | null;
}

/**
 * The type that values of both types have without loss, by the verdicts that compare schemas; and for
 * whole numbers, texts and enums of any kinds one that no verdict allows for a schema, since nothing is
 * stored in it. `null`: there is none.
 */
export function comparisonOf(base: string, head: string): Comparison | null {
  if (base === head) return { type: base, whole: null };
  if (typeVerdict(base, head) !== 'breaking') return { type: head, whole: null };
  if (typeVerdict(head, base) !== 'breaking') return { type: base, whole: null };
  const [one, other] = [parseType(base), parseType(head)];
  if (isPlainText(one) && isPlainText(other)) return { type: 'VARCHAR', whole: null };
  if (fitsHugeint(one) && fitsHugeint(other)) return { type: 'HUGEINT', whole: null };
  if (fitsBigint(one) && other.kind === 'float') return { type: 'DOUBLE', whole: 'base' };
  if (one.kind === 'float' && fitsBigint(other)) return { type: 'DOUBLE', whole: 'head' };
  return null;
}

export const isFloat = (type: string): boolean => parseType(type).kind === 'float';

const isPlainText = (type: ColumnType): boolean => type.kind === 'text' && type.name !== 'JSON';

const fitsHugeint = (type: ColumnType): boolean =>
  type.kind === 'integer' && type.name !== 'UHUGEINT';

/** 64 bits, with a sign or without. */
const fitsBigint = (type: ColumnType): boolean =>
  type.kind === 'integer' && !type.name.endsWith('HUGEINT');
