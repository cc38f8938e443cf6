import { AppError } from '../../core/errors/index.js';

export class EmptyPopulationError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'population-empty';
  readonly title = 'There are no rows to sample from';

  constructor(isFiltered: boolean) {
    super(
      isFiltered ? 'No row of the table fulfils the filter `where`.' : 'The table has no rows.',
    );
  }
}

export class SampleTooLargeError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'sample-too-large';
  readonly title = 'There are not as many rows as asked for';

  /** @param of what they would be chosen from: `rows`, `clusters`, `rows of the stratum (x)` */
  constructor(asked: number, available: number, of: string) {
    super(
      `${asked} ${of} are asked for, and there are ${available}. Ask for fewer, or sample with replacement.`,
      { extensions: { asked, available } },
    );
  }
}

export class AllocationImpossibleError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'allocation-impossible';
  readonly title = 'The minima of the strata are more than the sample';

  constructor(minima: number, rows: number) {
    super(`The minima of all strata are ${minima} rows together, and the sample is of ${rows}.`, {
      extensions: { minima, rows },
    });
  }
}

export class TooManyGroupsError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'too-many-groups';
  readonly title = 'Too many strata or clusters';

  constructor(what: 'strata' | 'clusters', found: number, limit: number) {
    super(`The columns have ${found} ${what}; at most ${limit} are possible.`, {
      extensions: { found, limit },
    });
  }
}

export class InvalidWeightsError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'weights-invalid';
  readonly title = 'The weights can not be used';
}
