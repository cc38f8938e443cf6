import { ApiProperty } from '@nestjs/swagger';

/** A user in a group. */
export class MemberDto {
  /** The user's. */
  @ApiProperty({ example: '8c0a9c3e-5b0e-4c1c-8d3b-6f3d2f4e6a10' })
  id: string;

  /** @example ada */
  name: string;

  /** @example Ada Lovelace */
  displayName: string;

  addedAt: Date;
}

export class MemberPageDto {
  items: MemberDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
