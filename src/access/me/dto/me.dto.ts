import { ApiProperty } from '@nestjs/swagger';
import { PERMISSIONS, type Permission } from '../../../core/contracts/principal.contract.js';

export class MyUserDto {
  /** @example 8c0a9c3e-5b0e-4c1c-8d3b-6f3d2f4e6a10 */
  id: string;

  /** @example ada */
  name: string;

  /** @example Ada Lovelace */
  displayName: string;

  /** Whether the user is an admin of the installation. */
  isAdmin: boolean;
}

export class MyGroupDto {
  /** @example 5f2b7c5a-0b3a-4f0e-9d7c-2c1f3f0a8b11 */
  id: string;

  /** @example climate-team */
  name: string;
}

export class MyKeyDto {
  /** @example 01a20ed1-0acd-765a-aaa5-15c08cde0dc7 */
  id: string;

  /** @example nightly import */
  name: string;

  /** Its first characters; `null`: the operator has chosen it. */
  @ApiProperty({ type: String, nullable: true, example: 'stratum_x7Kp2Q' })
  hint: string | null;

  /** What it permits; `null`: all that its user may do. */
  @ApiProperty({ type: [String], enum: PERMISSIONS, nullable: true })
  scopes: Permission[] | null;

  /** When it ends by itself; `null`: never. */
  @ApiProperty({ type: Date, nullable: true })
  expiresAt: Date | null;
}

/** What the user keeps: the user's uploads, and the datasets that the user owns; as counted seconds ago. */
export class MyQuotaDto {
  /** Bytes that may be kept; `null`: any number. */
  @ApiProperty({ type: Number, nullable: true, example: 107374182400 })
  quotaBytes: number | null;

  /** Bytes that are kept, each content once. */
  usedBytes: number;

  /** Contents that are kept. */
  files: number;
}

/** Who calls, and what they may do. */
export class MeDto {
  user: MyUserDto;

  groups: MyGroupDto[];

  /** The key that was shown; `null`: a token of the identity provider. */
  @ApiProperty({ type: MyKeyDto, nullable: true })
  key: MyKeyDto | null;

  /** When the key or the token ends; `null`: never. */
  @ApiProperty({ type: Date, nullable: true })
  expiresAt: Date | null;

  /** What the key or the token permits its user. */
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  permissions: Permission[];

  quota: MyQuotaDto;
}
