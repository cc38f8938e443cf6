import { AppError } from '../core/errors/index.js';

/** Where in a content or an input something is wrong, as far as it is known. */
export interface Place {
  /** Line of the content, from 1 on. */
  line?: number;
  /** Character of the line or of the input, from 1 on. */
  position?: number;
  column?: string;
}

export class NotTabularError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'not-tabular';
  readonly title = 'The file is no table';

  constructor(path: string) {
    super(`${path} is not of a format that can be read as a table.`);
  }
}

export class UnreadableTableError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'table-unreadable';
  readonly title = 'The file can not be read as a table';

  /** @param detail what is wrong, and where */
  constructor(detail: string, place: Place = {}, cause?: unknown) {
    super(detail, { cause, extensions: { ...place } });
  }
}

export class InvalidReadOptionsError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'read-options-invalid';
  readonly title = 'The file can not be read in this way';

  /** @param faults by option; several are told at once */
  constructor(faults: Readonly<Record<string, string>>) {
    super('An option is unknown, or its value is not possible.', {
      errors: Object.entries(faults).map(([pointer, detail]) => ({ pointer, detail })),
    });
  }
}

export class PatchImpossibleError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'patch-impossible';
  readonly title = 'Rows of this table can not be patched';
}

export class PatchKeyAmbiguousError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'patch-key-ambiguous';
  readonly title = 'A key of the patch is that of several rows';

  /** @param examples keys, and how many rows have each */
  constructor(key: readonly string[], examples: readonly { key: object; rows: number }[]) {
    super(
      `${key.join(', ')} does not tell these rows apart: a patch can't say which of them it means. Add columns to the key.`,
      { extensions: { examples } },
    );
  }
}

export class InvalidFilterError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'filter-invalid';
  readonly title = 'The filter can not be understood';

  /** @param position character of the filter, from 1 on */
  constructor(detail: string, position: number) {
    super(detail, { extensions: { position } });
  }
}

export class UnknownColumnError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'column-unknown';
  readonly title = 'The table has no such column';

  /** @param position where it was named, from 1 on */
  constructor(column: string, known: readonly string[], position?: number) {
    const names = known.slice(0, 20).join(', ');
    super(
      `There is no column ${column}. The columns are: ${names}${known.length > 20 ? ', …' : ''}.`,
      {
        extensions: { column, ...(position !== undefined && { position }) },
      },
    );
  }
}

export class SqlRefusedError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'sql-refused';
  readonly title = 'The statement is not permitted';
}

export class SqlFailedError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'sql-failed';
  readonly title = 'The statement can not be carried out';
}

export class EngineDeadlineError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'engine-deadline';
  readonly title = 'The work took longer than it may';

  /** @param seconds it had */
  constructor(seconds: number) {
    super(`It did not end within ${seconds} seconds and was stopped.`);
  }
}

export class EngineMemoryError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'engine-memory';
  readonly title = 'The work needs more memory than it may have';
}

export class EngineDiskError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'engine-disk';
  readonly title = 'The work needs more temporary disk space than it may have';
}

export class EngineCrashedError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'engine-crashed';
  readonly title = 'The process that did the work ended';

  constructor() {
    super('The process that read the file ended unexpectedly. Nothing else was affected.');
  }
}

export class EngineBusyError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'engine-busy';
  readonly title = 'Too much work is waiting';

  constructor(detail: string) {
    super(detail, { retryAfter: 5 });
  }
}

export class ContentQuarantinedError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'content-quarantined';
  readonly title = 'The file has ended the process that reads it too often';

  /** @param deaths of processes */
  constructor(deaths: number) {
    super(`${deaths} processes that read this content ended unexpectedly; it is not tried again.`);
  }
}

export class TooManyTablesError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'too-many-tables';
  readonly title = 'Too many files for one table';

  /** @param limit files that one request may read */
  constructor(folder: string, limit: number) {
    super(
      `There are more than ${limit} files below ${folder || 'the root'}: name a folder with fewer.`,
    );
  }
}

export class UnknownTableError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'table-unknown';
  readonly title = 'The version has no such table';

  constructor(unknown: readonly string[], ambiguous: readonly string[], paths: readonly string[]) {
    const names = paths.slice(0, 20).map((path) => `"${path}"`);
    super(
      [
        unknown.length > 0 ? `No file is called ${unknown.join(', ')}.` : '',
        ambiguous.length > 0 ? `More than one file is called ${ambiguous.join(', ')}.` : '',
        `The files are, by their paths: ${names.join(', ')}${paths.length > 20 ? ', …' : ''}.`,
      ]
        .filter((sentence) => sentence !== '')
        .join(' '),
    );
  }
}
