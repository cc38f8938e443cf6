import { AppError } from '../../core/errors/index.js';

export class UploadSlotsBusyError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'upload-slots-busy';
  readonly title = 'Too many uploads are being received';

  constructor() {
    super('Repeat the upload when others have ended.', { retryAfter: 5 });
  }
}
