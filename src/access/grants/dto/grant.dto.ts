import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { DATASET_ROLES, type DatasetRole } from '../../../core/contracts/principal.contract.js';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

/** Who is to have which role: `userId` or `groupId`, one of them. */
export class PutGrantDto {
  /**
   * Id or name of a user.
   * @example ada
   */
  @MayBeAbsent()
  @IsText(1, 100)
  userId?: string;

  /**
   * Id or name of a group.
   * @example climate-team
   */
  @MayBeAbsent()
  @IsText(1, 100)
  groupId?: string;

  /** Readers read, writers also commit and edit, admins also share and delete. */
  @ApiProperty({ enum: DATASET_ROLES, example: 'reader' })
  @IsIn(DATASET_ROLES)
  role: DatasetRole;
}

/** A role that somebody was given on a dataset. */
export class GrantDto {
  id: string;

  /** `null`: it is a group's. */
  @ApiProperty({ type: String, nullable: true })
  userId: string | null;

  /** `null`: it is a user's. */
  @ApiProperty({ type: String, nullable: true })
  groupId: string | null;

  /**
   * Of the user or the group.
   * @example ada
   */
  name: string;

  @ApiProperty({ enum: DATASET_ROLES, example: 'reader' })
  role: string;

  /** The user who gave it. */
  grantedBy: string;

  createdAt: Date;
}

export class GrantPageDto {
  items: GrantDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
