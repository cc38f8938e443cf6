import { ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsArray, IsIn, IsString, Matches, MaxLength, Validate } from 'class-validator';
import { IsText } from '../../core/validation/is-text.js';
import { MayBeAbsent } from '../../core/validation/may-be-absent.js';
import { MetadataRule } from '../../storage/index.js';
import type { Visibility } from '../../core/contracts/dataset-repository.contract.js';
import { SLUG } from '../slugs.js';

export class DatasetFieldsDto {
  /** @example Seattle weather */
  @IsText(1, 200)
  @Matches(/\S/, { message: 'must not be blank' })
  name: string;

  /**
   * Lower-case letters and digits, parted by single `-`. Default: made from the name.
   * @example seattle-weather
   */
  @MayBeAbsent()
  @MaxLength(100)
  @Matches(SLUG, { message: 'must be lower-case letters and digits, parted by single -' })
  slug?: string;

  /** @example Daily observations, 2012 to 2015 */
  @MayBeAbsent()
  @IsText(0, 10_000)
  description?: string;

  /** @example ["climate", "daily"] */
  @MayBeAbsent()
  @IsArray()
  @IsString({ each: true })
  tags?: string[];

  /** Any JSON object of at most 64 KiB. */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { licence: 'CC0-1.0' },
  })
  @MayBeAbsent()
  // As it came: class-transformer would drop keys that objects inherit, such as `toString`.
  @Transform(({ obj }) => (obj as { metadata?: unknown }).metadata)
  @Validate(MetadataRule)
  metadata?: Record<string, unknown>;

  /** Who may read it: those it is granted to, or everybody with a key. */
  @ApiPropertyOptional({ enum: ['private', 'public'], default: 'private' })
  @MayBeAbsent()
  @IsIn(['private', 'public'])
  visibility?: Visibility;
}

export class PatchDatasetDto extends PartialType(DatasetFieldsDto, {
  skipNullProperties: false,
}) {
  /**
   * Id or name of the user whose it shall be: oneself, or anybody for admins of the installation. Who was
   * the owner has no role any more but by a grant.
   * @example ada
   */
  @MayBeAbsent()
  @IsText(1, 100)
  ownerId?: string;
}
