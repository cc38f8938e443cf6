import { AppError } from './app.error.js';

/** Failures of whoever names a user or a group, in whichever slice. */

export class UserNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'user-not-found';
  readonly title = 'There is no such user';

  constructor() {
    super('No user of this id or name can be seen with this key.');
  }
}

export class GroupNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'group-not-found';
  readonly title = 'There is no such group';

  constructor() {
    super('No group of this id or name can be seen with this key.');
  }
}
