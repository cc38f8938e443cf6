import { ApiProperty } from '@nestjs/swagger';

export class TagDto {
  /** @example climate */
  tag: string;

  /**
   * Datasets with it that the caller may read.
   * @example 12
   */
  count: number;

  /** `false` when there are more: counting stops at 10,000, but for `sort=count`. */
  exact: boolean;
}

export class TagPageDto {
  items: TagDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
