import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { FileDescriptionDto } from '../../../storage/index.js';
import { OmitType } from '@nestjs/swagger';

/** What a put may say of its file, as an upload does, and its place among the others. */
export class PutDetailsDto extends OmitType(FileDescriptionDto, ['expiresAt'] as const) {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2 ** 31 - 1)
  index?: number;
}
