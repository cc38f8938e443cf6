import { ApiProperty } from '@nestjs/swagger';
import { PERMISSIONS, type Permission } from '../../../core/contracts/principal.contract.js';

/** A key, without the key itself. */
export class ApiKeyDto {
  /** @example 01a20ed1-0acd-765a-aaa5-15c08cde0dc7 */
  id: string;

  /** Whom it stands for. */
  @ApiProperty({ example: '8c0a9c3e-5b0e-4c1c-8d3b-6f3d2f4e6a10' })
  userId: string;

  /** @example nightly import */
  name: string;

  /** Its first characters; `null`: the operator has chosen it. */
  @ApiProperty({ type: String, nullable: true, example: 'stratum_x7Kp2Q' })
  hint: string | null;

  /** What it permits; `null`: all that its user may do. */
  @ApiProperty({ type: [String], enum: PERMISSIONS, nullable: true })
  scopes: Permission[] | null;

  /** Whether it is the first admin key, which the operator sets. */
  isBootstrap: boolean;

  /** When it ends by itself; `null`: never. */
  @ApiProperty({ type: Date, nullable: true })
  expiresAt: Date | null;

  /** Since when it is good for nothing; `null`: it was not revoked. */
  @ApiProperty({ type: Date, nullable: true })
  revokedAt: Date | null;

  /** To the minute; `null`: it was not used yet. */
  @ApiProperty({ type: Date, nullable: true })
  lastUsedAt: Date | null;

  createdAt: Date;
}

export class NewApiKeyDto extends ApiKeyDto {
  /**
   * The key, shown this once: it is stored nowhere. `null` in the answer to a repeat under the same
   * `Idempotency-Key`: rotate the key if the first answer was lost.
   */
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'stratum_x7Kp2Qn5v8yB1e4H7kN0q3T6w9zC2f5J8mP1s4V7yA0_1a2b3c4d',
  })
  key: string | null;
}

export class ApiKeyPageDto {
  items: ApiKeyDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
