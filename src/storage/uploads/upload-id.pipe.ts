import { Injectable, type PipeTransform } from '@nestjs/common';
import { isUploadId } from './tus-headers.js';
import { UploadNotFoundError } from './uploads.errors.js';

/** The `{id}` of a path. What no upload can be called is not found. */
@Injectable()
export class UploadIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!isUploadId(value)) throw new UploadNotFoundError();
    return value;
  }
}
