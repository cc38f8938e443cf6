import { ApiProperty } from '@nestjs/swagger';

/** Users who get grants together. */
export class GroupDto {
  /** @example 5f2b7c5a-0b3a-4f0e-9d7c-2c1f3f0a8b11 */
  id: string;

  /** @example climate-team */
  name: string;

  /** @example Everybody who imports station data */
  description: string;

  createdAt: Date;
}

export class GroupPageDto {
  items: GroupDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
