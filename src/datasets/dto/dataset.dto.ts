import { ApiProperty } from '@nestjs/swagger';
import { DATASET_ROLES } from '../../core/contracts/principal.contract.js';

/** A dataset: what people say of it, and where its versions stand. */
export class DatasetDto {
  /** @example 01a20ed1-0acd-765a-aaa5-15c08cde0dc7 */
  id: string;

  /**
   * Unique among the datasets of this installation; it may stand where the id stands.
   * @example seattle-weather
   */
  slug: string;

  /** @example Seattle weather */
  name: string;

  /** @example Daily observations, 2012 to 2015 */
  description: string;

  /** @example ["climate", "daily"] */
  tags: string[];

  @ApiProperty({ type: 'object', additionalProperties: true, example: { licence: 'CC0-1.0' } })
  metadata: Record<string, unknown>;

  /** @example private */
  @ApiProperty({ enum: ['private', 'public'] })
  visibility: string;

  /** The user whose it is. */
  ownerId: string;

  /** What the key may do with it. */
  @ApiProperty({ enum: DATASET_ROLES, example: 'writer' })
  role: string;

  /** Number of the head of `main`; `null` before the first commit. */
  @ApiProperty({ type: Number, nullable: true, example: 3 })
  latestVersion: number | null;

  createdAt: Date;

  /** Of the last edit or commit. */
  updatedAt: Date;
}

export class DatasetPageDto {
  items: DatasetDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
