import { Matches, MaxLength } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { SLUG } from '../../slugs.js';

export class RestoreDatasetDto {
  /**
   * A new slug, where another dataset has taken the old one.
   * @example seattle-weather-restored
   */
  @MayBeAbsent()
  @MaxLength(100)
  @Matches(SLUG, { message: 'must be lower-case letters and digits, parted by single -' })
  slug?: string;
}
