import { AppError } from '../../core/errors/index.js';

export class GrantNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'grant-not-found';
  readonly title = 'There is no such grant';

  constructor() {
    super('The dataset has no grant of this id.');
  }
}
