import { ValidationPipe, type ValidationPipeOptions } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import type { InputFault } from '../errors/app.error.js';
import { ValidationFailedError } from '../errors/http.errors.js';

const RULES = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
} satisfies ValidationPipeOptions;

/** For every DTO of a route: unknown fields are refused, all faults are named at once. */
export const createValidationPipe = (): ValidationPipe =>
  new ValidationPipe({
    ...RULES,
    transform: true,
    exceptionFactory: (errors) => new ValidationFailedError(faultsOf(errors)),
  });

/** The same rules for input that is not a JSON body: fields of a form, parameters of an upload. */
export async function validated<T extends object>(dto: new () => T, input: object): Promise<T> {
  const instance = plainToInstance(dto, input);
  const errors = await validate(instance, RULES);
  if (errors.length > 0) throw new ValidationFailedError(faultsOf(errors));
  return instance;
}

function faultsOf(errors: ValidationError[], parent = ''): InputFault[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const pointer = `${parent}/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.values(constraints ?? {}).map((detail) => ({ pointer, detail }));
    return [...own, ...faultsOf(children ?? [], pointer)];
  });
}
