import type { Transaction } from '../database/unit-of-work.js';
import type { PrincipalId } from './ids.js';

export const DIRECTORY = Symbol('IDirectory');

export type SubjectKind = 'user' | 'group';

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
  /**
   * Keeps the user or the group from being removed until the commit; to be asked before something that
   * refers to them is added. False: they are gone already.
   */
  keep(tx: Transaction, kind: SubjectKind, id: string): Promise<boolean>;
  /** The group with this id or name. @throws GroupNotFoundError */
  group(key: string): Promise<Subject>;
}
