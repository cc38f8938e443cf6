import { ApiProperty } from '@nestjs/swagger';

/** A name for a version: a branch moves with its commits, a tag stays where it was made. */
export class RefDto {
  /** @example v1.0 */
  name: string;

  @ApiProperty({ enum: ['branch', 'tag'] })
  kind: string;

  /** @example 01a20ed1-0acd-765a-aaa5-15c08cde0dc7 */
  versionId: string;

  /** @example 2 */
  versionNumber: number;

  createdAt: Date;

  /** When it was made or moved last. */
  updatedAt: Date;
}

export class RefPageDto {
  items: RefDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
