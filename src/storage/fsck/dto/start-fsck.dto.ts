import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsNumber, IsOptional, Max, Min } from 'class-validator';

/** What a check of the store is to do. */
export class StartFsckDto {
  /**
   * Percent of the files, by chance, that are read to their last byte and hashed.
   * @example 10
   */
  @ApiProperty({ format: 'double' })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  readData?: number;

  /** Whether what is found is mended where it can be, and marked where it is lost. */
  @IsOptional()
  @IsBoolean()
  repair?: boolean;
}
