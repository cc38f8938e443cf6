import { floorDivided } from '../values/temporal.js';
import type { BoundSql, Comparison } from './filter.types.js';

/** A value in the unit of a column: whole, or somewhere above `floor` and below the next. */
export interface Scaled {
  floor: bigint;
  isWhole: boolean;
}

/** What a column of whole units can hold. */
export interface Unit {
  min: bigint;
  max: bigint;
  /** SQL of a value within. */
  constant(value: bigint): BoundSql;
  /** What lies beyond all values, where the type has it: `infinity` of dates. */
  beyond?: { above: BoundSql; below: BoundSql };
}

export const scaledBy = (value: bigint, unit: bigint): Scaled => {
  const floor = floorDivided(value, unit);
  return { floor, isWhole: floor * unit === value };
};

/** A number as it is written, times `10 ** scale`; exact at any size. */
export function scaledNumber(text: string, scale: number): Scaled {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = BigInt(`${whole}${fraction}`.replace(/^[+-]/, '') || '0');
  const value = whole.startsWith('-') ? -digits : digits;
  const power = Number(exponent) - fraction.length + scale;
  return power >= 0
    ? { floor: value * 10n ** BigInt(power), isWhole: true }
    : scaledBy(value, 10n ** BigInt(-power));
}

/**
 * Compares a column of whole units with any value: no cast of the column, which would keep the engine
 * from skipping what can't match, and nothing is rounded. `v < 1.5` of integers is `v <= 1`.
 */
export function compareScaled(
  column: string,
  operator: Comparison,
  { floor, isWhole }: Scaled,
  unit: Unit,
): BoundSql {
  if (!isWhole && operator === '=') return never(column);
  if (!isWhole && operator === '<>') return always(column);
  const isLess = operator === '<' || operator === '<=';
  const whole = isWhole ? operator : isLess ? '<=' : '>';
  if (floor > unit.max) {
    if (whole === '=' || whole === '<>') return whole === '=' ? never(column) : always(column);
    if (unit.beyond) return compared(column, isLess ? '<' : '>=', unit.beyond.above);
    return isLess ? always(column) : never(column);
  }
  if (floor < unit.min) {
    if (whole === '=' || whole === '<>') return whole === '=' ? never(column) : always(column);
    if (unit.beyond) return compared(column, isLess ? '<=' : '>', unit.beyond.below);
    return isLess ? never(column) : always(column);
  }
  return compared(column, whole, unit.constant(floor));
}

/** The constant of an `in`; `null` for what no row can equal. */
export const equalTo = ({ floor, isWhole }: Scaled, unit: Unit): BoundSql | null =>
  isWhole && floor >= unit.min && floor <= unit.max ? unit.constant(floor) : null;

export const compared = (
  column: string,
  operator: Comparison,
  { sql, parameters }: BoundSql,
): BoundSql => ({ sql: `${column} ${operator} ${sql}`, parameters });

/** False, and of a null unknown, as every comparison is. */
export const never = (column: string): BoundSql => ({
  sql: `${column} <> ${column}`,
  parameters: [],
});
const always = (column: string): BoundSql => ({ sql: `${column} = ${column}`, parameters: [] });

/** A value as a type has it. The type's name is ours, never a caller's. */
export const cast = (value: string, type: string): BoundSql => ({
  sql: `CAST(? AS ${type})`,
  parameters: [value],
});
