import { AppError } from '../../core/errors/index.js';
import { TUS_VERSION } from './tus-protocol.js';

export class UploadFinalError extends AppError {
  readonly kind = 'forbidden';
  readonly code = 'upload-is-final';
  readonly title = 'A final upload takes no bytes';

  constructor() {
    super('It is made of its parts: send bytes to those, before they are put together.');
  }
}

export class UploadNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'upload-not-found';
  readonly title = 'There is no such upload';

  constructor() {
    super('No upload of this id can be seen with this key.');
  }
}

export class UploadOffsetMismatchError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'upload-offset-mismatch';
  readonly title = 'The upload continues elsewhere';

  constructor(offset: number) {
    super(`The upload has ${offset} bytes: send what follows on them.`, {
      headers: { 'Upload-Offset': String(offset) },
    });
  }
}

export class UploadPartsUnfinishedError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'upload-parts-unfinished';
  readonly title = 'A part is not there yet';

  constructor(id: string) {
    super(`The part ${id} is not finished: send the rest of it before the parts are put together.`);
  }
}

export class UploadGoneError extends AppError {
  readonly kind = 'gone';
  readonly code = 'upload-gone';
  readonly title = 'The upload is over';

  constructor() {
    super('It has expired, was ended, was refused at its end, or was a part and is used up.');
  }
}

export class TusVersionError extends AppError {
  readonly kind = 'precondition';
  readonly code = 'tus-version';
  readonly title = 'This version of tus is not spoken here';

  constructor() {
    super(`Send \`Tus-Resumable: ${TUS_VERSION}\`.`, { headers: { 'Tus-Version': TUS_VERSION } });
  }
}

export class UploadLengthExceededError extends AppError {
  readonly kind = 'too-large';
  readonly code = 'upload-length-exceeded';
  readonly title = 'More bytes came than the upload is long';

  constructor(length: number) {
    super(`The upload was announced with ${length} bytes.`);
  }
}

export class UploadLockedError extends AppError {
  readonly kind = 'locked';
  readonly code = 'upload-locked';
  readonly title = 'Another request writes to this upload';

  constructor() {
    super('Ask for the offset and go on from there when the other request has ended.', {
      retryAfter: 2,
    });
  }
}

export class UploadChecksumMismatchError extends AppError {
  readonly kind = 'checksum-mismatch';
  readonly code = 'upload-checksum-mismatch';
  readonly title = 'The bytes of this request are not what their checksum says';

  constructor() {
    super('None of them were kept, and the offset is what it was. Send them again.');
  }
}
