import { AppError } from '../core/errors/index.js';

export class ApiKeyNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'api-key-not-found';
  readonly title = 'There is no such API key';

  constructor() {
    super('No API key of this id is yours.');
  }
}

export class KeyExceedsCallerError extends AppError {
  readonly kind = 'forbidden';
  readonly code = 'key-exceeds-caller';
  readonly title = 'The key would do more than the one that makes it';
}

export class ApiKeyEndedError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'api-key-ended';
  readonly title = 'The API key has ended';

  constructor() {
    super('It was revoked or has expired, and is not rotated: make a new one.');
  }
}

/** What the operator sets, by a setting or a file, can't be undone through the API. */
export class BootstrapKeyError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'bootstrap-key';
  readonly title = 'The first admin belongs to the operator';
}

export class UserNameTakenError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'user-name-taken';
  readonly title = 'Another user has this name';

  constructor(name: string) {
    super(`${name} is the name of another user: choose one that is free.`);
  }
}

export class UserInUseError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'user-in-use';
  readonly title = 'The user still owns something';

  /** @param owned what it is: `datasets`, … */
  constructor(owned: readonly string[]) {
    super(
      `The user owns ${owned.join(' and ')}. Remove them first, or disable the user: that keeps everybody out.`,
    );
  }
}

export class LastAdminError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'last-admin';
  readonly title = 'The installation needs an admin';

  constructor() {
    super('This is the last admin who is not disabled. Make another one first.');
  }
}

export class GroupNameTakenError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'group-name-taken';
  readonly title = 'Another group has this name';

  constructor(name: string) {
    super(`${name} is the name of another group: choose one that is free.`);
  }
}

export class IdentityProviderUnavailableError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'identity-provider-unavailable';
  readonly title = 'The identity provider does not answer';

  constructor(cause?: unknown) {
    super(
      'The token cannot be checked: the keys of its issuer cannot be had. API keys still work.',
      {
        cause,
        retryAfter: 5,
      },
    );
  }
}
