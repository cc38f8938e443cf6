import { Injectable, type PipeTransform } from '@nestjs/common';
import { MAX_FILE_ID, type FileId } from '../../core/contracts/ids.js';
import { FileNotFoundError, ValidationFailedError } from '../../core/errors/index.js';

/** The `{id}` of a path. What is no whole number is a fault; one that no file can have is not found. */
@Injectable()
export class FileIdPipe implements PipeTransform<string, FileId> {
  transform(value: string): FileId {
    if (!/^-?\d{1,30}$/.test(value)) {
      throw ValidationFailedError.of('id', 'must be a whole number');
    }
    const id = Number(value);
    if (id < 1 || id > MAX_FILE_ID) throw new FileNotFoundError();
    return id;
  }
}
