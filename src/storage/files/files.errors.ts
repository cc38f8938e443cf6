import { AppError } from '../../core/errors/index.js';

export class UploadSlotsBusyError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'upload-slots-busy';
  readonly title = 'Too many uploads are being received';

  constructor() {
    super('Repeat the upload when others have ended.', { retryAfter: 5 });
  }
}

export class TooManyUploadsError extends AppError {
  readonly kind = 'too-many-requests';
  readonly code = 'too-many-uploads';
  readonly title = 'One user sends too many uploads at once';

  constructor(limit: number) {
    super(`At most ${limit} uploads of one user are received at the same time.`, { retryAfter: 5 });
  }
}
