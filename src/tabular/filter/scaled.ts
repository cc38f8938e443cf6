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
  const isLess = operator === '<' || operator === '<=';
  const isInside = floor >= unit.min && floor <= unit.max;
  if (operator === '=' || operator === '<>') {
    if (isWhole && isInside) return compared(column, operator, unit.constant(floor));
    return operator === '=' ? never(column) : always(column);
  }
  if (!isInside) return compareOutside(column, isLess, floor > unit.max, unit);
  return compared(column, isWhole ? operator : isLess ? '<=' : '>', unit.constant(floor));
}

/** With what all values are below, or above; infinities are not. */
function compareOutside(
  column: string,
  isLess: boolean,
  isAbove: boolean,
  { beyond }: Unit,
): BoundSql {
  if (!beyond) return isLess === isAbove ? always(column) : never(column);
  if (isAbove) return compared(column, isLess ? '<' : '>=', beyond.above);
  return compared(column, isLess ? '<=' : '>', beyond.below);
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
