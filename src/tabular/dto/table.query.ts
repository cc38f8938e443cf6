import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsObject, IsString, MaxLength, MinLength } from 'class-validator';
import { MayBeAbsent } from '../../core/validation/may-be-absent.js';

/** Which table of a version. */
export class TableQuery {
  /** Path of a file, or of a folder with a `/` at its end, whose files are read as one table. */
  @ApiProperty({ example: 'data/weather.csv' })
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  path: string;

  /**
   * How to read it, as a JSON object, over what is found: for CSV `delimiter`, `quote`, `escape`, `header`,
   * `encoding`, `skipLines`, … as `/schema` shows them. `readOptions` in the metadata of the file in the
   * version says the same for every request.
   */
  @ApiPropertyOptional({ type: String, example: '{"delimiter":","}' })
  @MayBeAbsent()
  @Transform(({ value }: { value: unknown }) => parsed(value))
  @IsObject()
  options: Record<string, unknown> = {};
}

/** Of a parameter that is JSON; what is none is left for the validator. */
function parsed(value: unknown): unknown {
  try {
    return typeof value === 'string' ? (JSON.parse(value) as unknown) : value;
  } catch {
    return value;
  }
}
