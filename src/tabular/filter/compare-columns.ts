import { InvalidFilterError } from '../tabular.errors.js';
import type { ColumnType } from '../values/column-type.js';
import { notComparable } from './bind-value.js';
import type { BoundSql, Comparison } from './filter.types.js';
import type { Resolved } from './resolve.js';
import { shortened } from './tokens.js';

const MAX_DIGITS = 38;
/** Than HUGEINT. */
const WIDER = new Set(['UHUGEINT', 'BIGNUM']);

/**
 * Two columns of one row. Where DuckDB would cast one to the other's type, and fail in the middle of a
 * scan on the first value that doesn't fit, both are cast to one that holds either.
 */
export function comparePair(one: Resolved, operator: Comparison, other: Resolved): BoundSql {
  for (const column of [one, other]) {
    if (['list', 'struct', 'other'].includes(column.type.kind)) throw notComparable(column);
  }
  const type = commonType(one.type, other.type);
  if (type === null) {
    throw new InvalidFilterError(
      `${described(one)} and ${described(other)} can not be compared.`,
      other.position,
    );
  }
  return { sql: `${castTo(type, one)} ${operator} ${castTo(type, other)}`, parameters: [] };
}

/** DuckDB knows no way from DECIMAL to BIGNUM; those without a fraction fit a HUGEINT. */
function castTo(type: string, { sql, type: own }: Resolved): string {
  if (type === '') return sql;
  const inner = type === 'BIGNUM' && own.kind === 'decimal' ? `CAST(${sql} AS HUGEINT)` : sql;
  return `CAST(${inner} AS ${type})`;
}

const described = ({ name, typeName }: Resolved): string =>
  `${shortened(name)} of type ${shortened(typeName)}`;

/** '' for none that is needed, `null` for none that there is. */
function commonType(one: ColumnType, other: ColumnType): string | null {
  if (isNumber(one) && isNumber(other)) return commonNumber(one, other);
  if (one.kind !== other.kind) return null;
  if (one.kind === 'text') return 'VARCHAR';
  const isSame = !('name' in one && 'name' in other) || one.name === other.name;
  return isSame ? '' : null;
}

type NumberType = Extract<ColumnType, { kind: 'integer' | 'bignum' | 'decimal' | 'float' }>;

const isNumber = (type: ColumnType): type is NumberType =>
  ['integer', 'bignum', 'decimal', 'float'].includes(type.kind);

function commonNumber(one: NumberType, other: NumberType): string {
  if (JSON.stringify(shapeOf(one)) === JSON.stringify(shapeOf(other))) return '';
  if (one.kind === 'float' || other.kind === 'float') return 'DOUBLE';
  const [a, b] = [shapeOf(one), shapeOf(other)];
  const scale = Math.max(a.scale, b.scale);
  // Beyond 38 digits there is no exact type with a fraction.
  if (scale > 0) {
    const whole = Math.max(a.whole, b.whole);
    return whole + scale > MAX_DIGITS ? 'DOUBLE' : `DECIMAL(${MAX_DIGITS}, ${scale})`;
  }
  return [a.name, b.name].some((name) => WIDER.has(name)) ? 'BIGNUM' : 'HUGEINT';
}

/** Digits before and after the point. */
function shapeOf(type: NumberType): { whole: number; scale: number; name: string } {
  switch (type.kind) {
    case 'decimal':
      return { whole: type.width - type.scale, scale: type.scale, name: '' };
    case 'integer':
      return { whole: String(type.max).length, scale: 0, name: type.name };
    case 'bignum':
      return { whole: Infinity, scale: 0, name: 'BIGNUM' };
    case 'float':
      return { whole: Infinity, scale: 0, name: type.name };
  }
}
