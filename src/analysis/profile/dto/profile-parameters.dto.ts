import { IsObject } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

export class ProfileParametersDto {
  /** How the files are read, over what is found: as `options` of `…/rows`. */
  @MayBeAbsent()
  @IsObject()
  readOptions: Record<string, unknown> = {};
}
