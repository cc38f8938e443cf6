import { ApiProperty } from '@nestjs/swagger';

export class UserDto {
  /** @example 8c0a9c3e-5b0e-4c1c-8d3b-6f3d2f4e6a10 */
  id: string;

  /** @example ada */
  name: string;

  /** @example Ada Lovelace */
  displayName: string;

  /** Whether the user is an admin of the installation. */
  isAdmin: boolean;

  /** Whether nobody gets in as this user. */
  disabled: boolean;

  /** Bytes that the user may keep; `null`: what is configured for everybody. */
  @ApiProperty({ type: Number, nullable: true })
  quotaBytes: number | null;

  /** Whose tokens stand for the user, as `OIDC_ISSUER` names it; `null`: keys only. */
  @ApiProperty({ type: String, nullable: true })
  issuer: string | null;

  createdAt: Date;
}

export class UserPageDto {
  items: UserDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
