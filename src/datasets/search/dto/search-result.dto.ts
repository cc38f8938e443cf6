import { ApiProperty } from '@nestjs/swagger';
import { DatasetDto } from '../../dto/dataset.dto.js';

export class SearchHighlightDto {
  /** @example name */
  @ApiProperty({ enum: ['name', 'tags', 'description', 'metadata', 'paths'] })
  field: string;

  /**
   * The text around the match, escaped for HTML but for the `<em>` around what matched; `…` where it
   * was cut.
   * @example "Seattle <em>weather</em>"
   */
  snippet: string;
}

/** A dataset, and why it was found. */
export class FoundDatasetDto extends DatasetDto {
  /**
   * Higher is better; to be compared within one search only. 0 without `q`.
   * @example 0.42
   */
  @ApiProperty({ type: 'number', format: 'double', minimum: 0 })
  score: number;

  /** At most three of each field. None without `q`, nor for a path after the first 1000. */
  highlights: SearchHighlightDto[];
}

export class SearchTotalDto {
  /** @example 128 */
  value: number;

  /** `atLeast` when there are more than are counted. */
  @ApiProperty({ enum: ['exact', 'atLeast'] })
  relation: string;
}

export class SearchFacetDto {
  /** @example climate */
  value: string;

  /**
   * Datasets that have it.
   * @example 12
   */
  count: number;
}

export class SearchFacetsDto {
  tags: SearchFacetDto[];

  /** Of the files of the head of `main`. */
  fileTypes: SearchFacetDto[];
}

export class SearchResultDto {
  /** The best first, of equals the newest. */
  items: FoundDatasetDto[];

  total: SearchTotalDto;

  /** Whether nothing has the words of `q`, and these have words that look like them. */
  similar: boolean;

  /** How many of all that were counted have a value; the 50 most frequent values. */
  facets: SearchFacetsDto;

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
