import { ValidateIf } from 'class-validator';

/** As `@IsOptional`, but `null` is a value and is checked: it must not pass for "not given". */
export const MayBeAbsent = (): PropertyDecorator =>
  ValidateIf((_, value: unknown) => value !== undefined);
