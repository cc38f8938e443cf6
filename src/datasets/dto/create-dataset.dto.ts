import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsArray } from 'class-validator';
import { MayBeAbsent } from '../../core/validation/may-be-absent.js';
import { DatasetFieldsDto } from './dataset-fields.dto.js';

export class CreateDatasetDto extends DatasetFieldsDto {
  /** Files of the first version: `{ path, fileId, … }` each, as the `put` of a commit. */
  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: [{ path: 'data/weather.csv', fileId: 1 }],
  })
  @MayBeAbsent()
  @IsArray()
  files?: unknown[];
}
