import { ArrayMaxSize, ArrayMinSize, IsArray, IsString } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

export class BatchTagDto {
  /**
   * Ids or slugs of datasets, at most 1,000.
   * @example ["seattle-weather"]
   */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  @IsString({ each: true })
  datasetIds: string[];

  /**
   * Tags that each of them has afterwards.
   * @example ["climate"]
   */
  @MayBeAbsent()
  @IsArray()
  @IsString({ each: true })
  add: string[] = [];

  /**
   * Tags that none of them has afterwards.
   * @example ["draft"]
   */
  @MayBeAbsent()
  @IsArray()
  @IsString({ each: true })
  remove: string[] = [];
}

export class TaggedDatasetDto {
  /** @example 01a20ed1-0acd-765a-aaa5-15c08cde0dc7 */
  id: string;

  /** All of its tags, by name. */
  tags: string[];
}

export class BatchTagResultDto {
  /** In the order of the request. */
  items: TaggedDatasetDto[];
}
