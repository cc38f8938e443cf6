import type { PrincipalId } from './ids.js';

export const DIRECTORY = Symbol('IDirectory');

/** Somebody, or several together, whom something can be given to. */
export interface Subject {
  id: string;
  name: string;
}

/** Finds users and groups for slices that give them something. */
export interface IDirectory {
  /**
   * The user with this id or name; one who is disabled too, since keys change sooner than grants.
   * @throws UserNotFoundError
   */
  user(key: string): Promise<Subject & { id: PrincipalId }>;
  /** The group with this id or name. @throws GroupNotFoundError */
  group(key: string): Promise<Subject>;
}
