import { Matches } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { REF_NAME } from '../../refs/ref-names.js';
import { DerivedVersionDto } from './derived-version.dto.js';

export class RestoreVersionDto extends DerivedVersionDto {
  /** The branch that the new version becomes the head of. */
  @MayBeAbsent()
  @Matches(REF_NAME, { message: 'must be the name of a branch' })
  branch: string = 'main';
}
