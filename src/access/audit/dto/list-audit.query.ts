import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Matches, MaxLength, Min, Validate } from 'class-validator';
import { PageQuery } from '../../../core/http/page.query.js';
import { IsText } from '../../../core/validation/is-text.js';
import { MomentRule } from '../../../core/validation/moment-rules.js';
import { wholeNumber } from '../../../core/validation/whole-number.js';

export class ListAuditQuery extends PageQuery {
  /**
   * Only what this user did: an id, or the name that the user had then.
   * @example admin
   */
  @IsOptional()
  @IsText(1, 100)
  actor?: string;

  /**
   * Only this action, or with a dot at its end all actions on one kind of thing.
   * @example dataset.
   */
  @IsOptional()
  @Matches(/^[a-z][a-z-]*\.(?:[a-z][a-z-]*)?$/, {
    message: 'must be like dataset.create or dataset.',
  })
  @MaxLength(64)
  action?: string;

  /**
   * Only what changed this.
   * @example file:17
   */
  @IsOptional()
  @IsText(1, 128)
  target?: string;

  /** Only what this request changed: its `X-Request-Id`. */
  @IsOptional()
  @IsText(1, 128)
  requestId?: string;

  /**
   * Only since then.
   * @example 2026-01-31T00:00:00Z
   */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @Validate(MomentRule)
  from?: string;

  /**
   * Only before then.
   * @example 2026-02-28T00:00:00Z
   */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @Validate(MomentRule)
  to?: string;

  /**
   * Only what is sealed behind this `seq`, the oldest first. Whoever keeps a copy of the log asks again
   * with the last `seq` that was answered: nothing is left out so, whatever is committed meanwhile.
   * @example 0
   */
  @IsOptional()
  @Transform(wholeNumber)
  @IsInt()
  @Min(0)
  afterSeq?: number;
}
