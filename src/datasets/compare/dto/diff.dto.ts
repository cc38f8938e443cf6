import { ApiProperty } from '@nestjs/swagger';
import { VersionFileDto } from '../../versions/dto/version-file.dto.js';

/** What became of one file between two versions. */
export class DiffEntryDto {
  /**
   * `changed` has other content, or other things are said of it; `moved` has the same content at another
   * path.
   */
  @ApiProperty({ enum: ['added', 'removed', 'changed', 'moved'] })
  kind: string;

  /** @example data/weather.csv */
  path: string;

  /** Where a moved file was. */
  @ApiProperty({ type: String, nullable: true, example: null })
  from: string | null;

  /** As the first version has it; `null` when it was added. */
  @ApiProperty({ type: VersionFileDto, nullable: true })
  base: VersionFileDto | null;

  /** As the second version has it; `null` when it was removed. */
  @ApiProperty({ type: VersionFileDto, nullable: true })
  head: VersionFileDto | null;
}

export class DiffPageDto {
  items: DiffEntryDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
