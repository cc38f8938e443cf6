import { Transform } from 'class-transformer';
import { IsBoolean, IsIn } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { SelectionQuery } from '../../dto/selection.query.js';
import { EXPORT_FORMATS, type ExportFormat } from '../export-formats.js';

const FORMATS = Object.keys(EXPORT_FORMATS) as ExportFormat[];
const COMPRESSIONS = ['snappy', 'zstd', 'gzip', 'uncompressed'];

export class ExportQuery extends SelectionQuery {
  /** `json` is JSON Lines: one object a line. */
  @IsIn(FORMATS)
  format: 'parquet' | 'csv' | 'json' | 'arrow';

  /** Of Parquet. */
  @MayBeAbsent()
  @IsIn(COMPRESSIONS)
  compression: 'snappy' | 'zstd' | 'gzip' | 'uncompressed' = 'snappy';

  /**
   * Of CSV: texts that a spreadsheet would take for a formula, since they begin with `=`, `+`, `-`, `@`, a tab
   * or a carriage return, get a `'` before them. It changes the data, so only when asked for.
   */
  @MayBeAbsent()
  @Transform(({ value }: { value: unknown }) =>
    value === 'true' ? true : value === 'false' ? false : value,
  )
  @IsBoolean()
  guardFormulas: boolean = false;
}
