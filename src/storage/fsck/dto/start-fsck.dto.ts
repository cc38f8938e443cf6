import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsNumber, Max, Min } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

/** What a check of the store is to do. */
export class StartFsckDto {
  /**
   * Percent of the files, by chance, that are read to their last byte and hashed.
   * @example 10
   */
  @ApiProperty({ format: 'double' })
  @MayBeAbsent()
  @IsNumber()
  @Min(0)
  @Max(100)
  readData?: number;

  /** Whether what is found is mended where it can be, and marked where it is lost. */
  @MayBeAbsent()
  @IsBoolean()
  repair?: boolean;
}
