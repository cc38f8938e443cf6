import {
  Injectable,
  ValidationPipe,
  type ArgumentMetadata,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import type { InputFault } from '../errors/app.error.js';
import { ValidationFailedError } from '../errors/http.errors.js';
import { pointerTo } from './json-pointer.js';

const RULES = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
} satisfies ValidationPipeOptions;

/** No DTO is nested deeper than this; class-transformer recurses, so more could exhaust the stack. */
const MAX_DEPTH = 64;
/** The time of class-transformer grows with the square of an object's keys. */
const MAX_KEYS = 10_000;
/** No DTO has more of its own; more are refused before each is told as a fault. */
const MAX_FIELDS = 100;
const MAX_ITEMS = 100_000;
/** An answer names no more faults than these. */
const MAX_FAULTS = 100;
/** class-transformer or Nest's pipe drops these at any depth, without a word. */
const DROPPED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
/** It drops these of a DTO, such as `toString`: an unknown field is refused whatever its name. */
const isInherited = (key: string): boolean => key in Object.prototype;

/** For bodies and queries. Path parameters keep to their own pipes: `0x10` must not become 16. */
@Injectable()
class StrictValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'body' && metadata.type !== 'query') return value;
    refuseHostile(value);
    return (await super.transform(value, metadata)) as unknown;
  }
}

/** For every DTO of a route: unknown fields are refused, all faults are named at once. */
export const createValidationPipe = (): ValidationPipe =>
  new StrictValidationPipe({
    ...RULES,
    transform: true,
    exceptionFactory: (errors) => new ValidationFailedError(faultsOf(errors).slice(0, MAX_FAULTS)),
  });

/** The same rules for input that is not a JSON body: fields of a form, parameters of an upload. */
export async function validated<T extends object>(dto: new () => T, input: object): Promise<T> {
  refuseHostile(input);
  const instance = plainToInstance(dto, input);
  const errors = await validate(instance, RULES);
  if (errors.length > 0) throw new ValidationFailedError(faultsOf(errors).slice(0, MAX_FAULTS));
  return instance;
}

/** What would not survive the transformation as it came. Without recursion, which depth would break. */
function refuseHostile(input: unknown): void {
  // A list would be validated item by item, and then passed on as if it were one of them.
  if (Array.isArray(input)) throw ValidationFailedError.of('', 'must be an object');
  const open = [{ value: input, pointer: '', depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, pointer, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DEPTH) {
      throw ValidationFailedError.of('', `must be nested at most ${MAX_DEPTH} deep`);
    }
    refuseTooMany(value, pointer, depth);
    for (const [key, item] of Object.entries(value)) {
      const at = pointer + pointerTo(key);
      if (DROPPED_KEYS.has(key) || (depth === 0 && isInherited(key))) {
        throw ValidationFailedError.of(at, `property ${key} should not exist`);
      }
      open.push({ value: item, pointer: at, depth: depth + 1 });
    }
  }
}

function refuseTooMany(value: object, pointer: string, depth: number): void {
  const isArray = Array.isArray(value);
  const limit = isArray ? MAX_ITEMS : depth === 0 ? MAX_FIELDS : MAX_KEYS;
  const count = isArray ? value.length : Object.keys(value).length;
  if (count <= limit) return;
  const things = isArray ? 'items' : 'properties';
  throw ValidationFailedError.of(pointer, `must have at most ${limit} ${things}`);
}

function faultsOf(errors: ValidationError[], parent = ''): InputFault[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const pointer = parent + pointerTo(property);
    const own = Object.values(constraints ?? {}).map((detail) => ({ pointer, detail }));
    return [...own, ...faultsOf(children ?? [], pointer)];
  });
}
