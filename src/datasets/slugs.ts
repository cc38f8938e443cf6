import { validate as isUuid } from 'uuid';
import type { DatasetId } from '../core/contracts/ids.js';
import { ValidationFailedError } from '../core/errors/index.js';

const MAX_LENGTH = 100;
/** So much of a name, to leave room for what tells two of the same name apart. */
const MAX_FROM_NAME = 80;

export const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

export { isUuid };

export const isDatasetId = (text: string): text is DatasetId => isUuid(text);

/** A slug stands where an id can stand: it must not look like one. */
export const isSlug = (text: string): boolean =>
  text.length <= MAX_LENGTH && SLUG.test(text) && !isUuid(text);

export const notASlug = (): ValidationFailedError =>
  ValidationFailedError.of('/slug', 'must not look like an id');

/** `São Paulo: trips` becomes `sao-paulo-trips`; a name without such letters becomes `dataset`. */
export function slugOf(name: string): string {
  const words =
    name
      .normalize('NFKD')
      .toLowerCase()
      .match(/[a-z0-9\p{M}]+/gu) ?? [];
  const slug = words
    .map((word) => word.replaceAll(/\p{M}/gu, ''))
    .filter((word) => word !== '')
    .join('-')
    .slice(0, MAX_FROM_NAME)
    .replace(/-$/, '');
  return slug === '' || isUuid(slug) ? 'dataset' : slug;
}
