import { isUuid } from '../slugs.js';

/** Names of branches and tags: no `/`, and none that a version id, a number or `latest` would be. */
export const REF_NAME =
  /^(?!latest$)(?!\d+$)(?![0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The branch that `latest` is the head of. */
export const MAIN = 'main';

/** Whether a `{ref}` names one version for ever: its number or its id. */
export const isPinned = (ref: string): boolean => /^\d{1,9}$/.test(ref) || isUuid(ref);

/** How an answer about a version may be kept: one that is named for ever, for ever, by its caller. */
export const cacheControl = (isForEver: boolean): string =>
  isForEver ? 'private, max-age=31536000, immutable' : 'private, no-cache';
