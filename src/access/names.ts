import { validate as isUuid } from 'uuid';

/**
 * Of users and groups. One that reads as an id would leave open which of two is meant; `.` and `..` are
 * steps of a path to every client, and would lead to another route.
 */
export const NAME =
  /^(?!\.{1,2}$)(?![0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$)[a-z0-9._@+-]{1,100}$/;

export const NAME_RULE = 'must be 1 to 100 of a-z 0-9 . _ @ + -, and neither a UUID nor . or ..';

/** How a path names a user or a group. */
export type NameOrId = { id: string } | { name: string };

/** In whatever case. `null` when nothing can be called that. */
export function nameOrId(key: string): NameOrId | null {
  const lower = key.toLowerCase();
  if (isUuid(lower)) return { id: lower };
  return NAME.test(lower) ? { name: lower } : null;
}

export const isName = (key: unknown): key is string => typeof key === 'string' && NAME.test(key);
