import { ArrayMaxSize, ArrayMinSize, IsArray, IsString } from 'class-validator';
import { DatasetDto } from '../../dto/dataset.dto.js';

export class BatchGetDto {
  /**
   * Ids or slugs of datasets, at most 1,000.
   * @example ["seattle-weather", "01a20ed1-0acd-765a-aaa5-15c08cde0dc7"]
   */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  @IsString({ each: true })
  ids: string[];
}

export class BatchGetResultDto {
  /** Those that the caller may read, in the order of the request. */
  items: DatasetDto[];

  /** What was asked for and can't be read, in the order of the request. */
  notFound: string[];
}
