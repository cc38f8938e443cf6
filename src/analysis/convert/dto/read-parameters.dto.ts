import { IsObject } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { WrittenParametersDto } from './written-parameters.dto.js';

/** Of kinds that also read one. */
export class ReadParametersDto extends WrittenParametersDto {
  /** How files are read, over what is found: as `options` of `…/rows`. */
  @MayBeAbsent()
  @IsObject()
  readOptions: Record<string, unknown> = {};
}
