import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsString, MaxLength } from 'class-validator';
import { PageQuery } from '../../../core/http/page.query.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

/** `true` and `false`, and nothing that could be taken for one of them. */
const asBoolean = ({ value }: { value: unknown }): unknown =>
  value === 'true' ? true : value === 'false' ? false : value;

export class ListApiKeysQuery extends PageQuery {
  /** Id or name of a user whose keys are asked for; others than the caller's are for admins only. */
  @ApiPropertyOptional({ example: 'ada' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(100)
  userId?: string;

  /** The keys of everybody that the caller may see. */
  @ApiPropertyOptional({ type: Boolean, default: false })
  @MayBeAbsent()
  @Transform(asBoolean)
  @IsBoolean()
  all: boolean = false;
}
