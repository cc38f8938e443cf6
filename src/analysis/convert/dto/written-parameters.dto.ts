import { IsBoolean, IsIn } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

const FORMATS = ['parquet', 'csv', 'json', 'arrow'];
const COMPRESSIONS = ['snappy', 'zstd', 'gzip', 'uncompressed'];

/** How kinds that write a table write it. */
export class WrittenParametersDto {
  /** `json` is JSON Lines: one object a line. */
  @IsIn(FORMATS)
  format: 'parquet' | 'csv' | 'json' | 'arrow';

  /** Of Parquet alone; default: snappy. */
  @MayBeAbsent()
  @IsIn(COMPRESSIONS)
  compression?: 'snappy' | 'zstd' | 'gzip' | 'uncompressed';

  /**
   * Of CSV alone: texts that a spreadsheet would take for a formula get a `'` before them. It changes the
   * data, so only when asked for.
   */
  @MayBeAbsent()
  @IsBoolean()
  guardFormulas: boolean = false;
}
