import { IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { PageQuery } from '../../../core/http/page.query.js';

const PRINTABLE = /^\P{Cc}*$/u;
const NO_CONTROL = { message: 'must not hold control characters' };

export class ListVersionFilesQuery extends PageQuery {
  /**
   * Only paths that begin so.
   * @example data/
   */
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  @Matches(PRINTABLE, NO_CONTROL)
  prefix: string = '';

  /**
   * What has it after the prefix is told once, as a folder.
   * @example /
   */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(16)
  @Matches(PRINTABLE, NO_CONTROL)
  delimiter?: string;
}
