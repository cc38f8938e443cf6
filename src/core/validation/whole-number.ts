import type { TransformFnParams } from 'class-transformer';

/** For `@Transform` of a query parameter: decimal digits as a number; `0x10` and `1e2` stay text. */
export const wholeNumber = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
