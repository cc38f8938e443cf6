import { isUuid } from '../slugs.js';

/** What cursors are made of is checked like any input: anybody can make one. */
export const isRecord = (key: unknown): key is Record<string, unknown> =>
  typeof key === 'object' && key !== null;

export const isVersionId = (key: unknown): key is string => typeof key === 'string' && isUuid(key);

/** A path, or a folder with what ends it. */
export const isPath = (key: unknown): key is string =>
  typeof key === 'string' && key !== '' && !/\p{Cc}/u.test(key) && key.isWellFormed();
