import { AppError } from '../../core/errors/index.js';

interface Clash {
  path: string;
  columns: readonly { name: string; from: string; to: string }[];
}

const NAMED = 10;

export class SchemasApartError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'schemas-apart';
  readonly title = 'The files are no one table';

  /** @param clashes by file: columns whose types are such that neither holds the values of the other */
  constructor(clashes: readonly Clash[]) {
    const told = clashes.slice(0, NAMED).map(({ path, columns }) => {
      const types = columns
        .slice(0, NAMED)
        .map(({ name, from, to }) => `${name}: ${to}, not ${from}`);
      return types.length > 0 ? `${path} (${types.join('; ')})` : path;
    });
    const more = clashes.length > NAMED ? ', …' : '';
    super(
      `Columns of the same name have types that can not be united: in ${told.join(', ')}${more}.`,
    );
  }
}

export class ColumnTakenError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'column-taken';
  readonly title = 'The table has a column of this name already';

  constructor(name: string) {
    super(`There is a column ${name} already: name the one with the source otherwise.`);
  }
}

export class TooManyOutputsError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'too-many-outputs';
  readonly title = 'Too many files would be made';

  constructor(wanted: number | string, limit: number) {
    super(`It would make ${wanted} files, and one job makes at most ${limit}.`);
  }
}

export class TooFewRowsError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'too-few-rows';
  readonly title = 'The table has too few rows for this';

  constructor(rows: number, files: number) {
    super(
      rows === 0
        ? 'The table has no rows, so there is nothing to split.'
        : `The table has ${rows} rows, which are too few for ${files} files.`,
    );
  }
}
