import { Transform } from 'class-transformer';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { wholeNumber } from '../../../core/validation/whole-number.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { SelectionQuery } from '../../dto/selection.query.js';

export class RowsQuery extends SelectionQuery {
  /** `nextCursor` of the page before. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(20_000)
  cursor?: string;

  /** Rows of a page. */
  @MayBeAbsent()
  @Transform(wholeNumber)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;

  /** The page begins at this row of the file, from 0 on; not with `cursor`, `where`, `q` or `orderBy`. */
  @MayBeAbsent()
  @Transform(wholeNumber)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  offset?: number;

  /** Characters of a cell as JSON; longer ones are cut and named in `truncatedCells`. */
  @MayBeAbsent()
  @Transform(wholeNumber)
  @IsInt()
  @Min(16)
  @Max(1_000_000)
  cellLimit: number = 10_000;
}
