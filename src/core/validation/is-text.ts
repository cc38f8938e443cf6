import { applyDecorators } from '@nestjs/common';
import { IsString, Length, ValidateBy, type ValidationOptions } from 'class-validator';

/** Text for people, of so many characters (UTF-16 units), that PostgreSQL can store: no NUL, whole Unicode. */
export const IsText = (min: number, max: number, options?: ValidationOptions): PropertyDecorator =>
  applyDecorators(
    IsString(options),
    Length(min, max, options),
    ValidateBy(
      {
        name: 'isText',
        validator: {
          validate: (value: unknown) =>
            typeof value !== 'string' || (!value.includes('\u0000') && value.isWellFormed()),
          defaultMessage: () => 'must not hold NUL characters or broken Unicode',
        },
      },
      options,
    ),
  );
