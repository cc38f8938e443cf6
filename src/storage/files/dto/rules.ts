import {
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { faultOfFileName } from '../file-names.js';

const MAX_METADATA_BYTES = 64 * 1024;
const MAX_METADATA_DEPTH = 32;
/** Keys that have a meaning to JavaScript objects: refused, so that no copy of them can go wrong. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

@ValidatorConstraint({ name: 'fileName' })
export class FileNameRule implements ValidatorConstraintInterface {
  validate(name: unknown): boolean {
    return typeof name === 'string' && faultOfFileName(name.normalize('NFC')) === null;
  }

  defaultMessage({ value }: ValidationArguments): string {
    return typeof value === 'string'
      ? (faultOfFileName(value.normalize('NFC')) ?? '')
      : 'must be a string';
  }
}

@ValidatorConstraint({ name: 'metadata' })
export class MetadataRule implements ValidatorConstraintInterface {
  validate(metadata: unknown): boolean {
    return faultOfMetadata(metadata) === null;
  }

  defaultMessage({ value }: ValidationArguments): string {
    return faultOfMetadata(value) ?? '';
  }
}

function faultOfMetadata(metadata: unknown): string | null {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    return 'must be a JSON object';
  }
  const fault = faultOfValue(metadata, 0);
  if (fault) return fault;
  return Buffer.byteLength(JSON.stringify(metadata)) > MAX_METADATA_BYTES
    ? 'must have at most 64 KiB as JSON'
    : null;
}

function faultOfValue(value: unknown, depth: number): string | null {
  if (depth > MAX_METADATA_DEPTH) return `must be nested at most ${MAX_METADATA_DEPTH} deep`;
  if (typeof value === 'string') return faultOfText(value);
  if (typeof value === 'number') return faultOfNumber(value);
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, item] of Object.entries(value)) {
    if (PROTOTYPE_KEYS.has(key)) return `must not use the key ${key}`;
    const fault = faultOfText(key) ?? faultOfValue(item, depth + 1);
    if (fault) return fault;
  }
  return null;
}

/** What a double can't hold would come back as another number (RFC 8259 section 6). */
function faultOfNumber(value: number): string | null {
  // From 1e21 on, numbers are written with an exponent: nobody means every digit.
  const isExact =
    !Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21;
  return Number.isFinite(value) && isExact
    ? null
    : 'must not hold numbers beyond the precision of a double; write them as text';
}

/** PostgreSQL can store neither in jsonb. */
const faultOfText = (text: string): string | null =>
  text.includes('\u0000') || !text.isWellFormed()
    ? 'must not hold NUL characters or broken Unicode'
    : null;
