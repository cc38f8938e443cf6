import type {
  Column,
  IDatasetReader,
  LocalContent,
  Relation,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { quoteIdentifier, quoteLiteral } from '../../values/quote.js';
import { unusedName } from '../../values/unused-name.js';

/** Types that Parquet has not, or DuckDB writes as others: such columns are kept as text. */
const KEPT_AS_TEXT = /^(U?HUGEINT|BIT|TIME WITH TIME ZONE|INTERVAL|BIGNUM)$/;
const NESTS_ONE = /\b(U?HUGEINT|BIT|TIME WITH TIME ZONE|INTERVAL|BIGNUM|UNION|VARIANT)\b/;

/** Whether Parquet gives values of this type back as they were. */
export const isExactInParquet = (type: string): boolean =>
  !KEPT_AS_TEXT.test(type) && !NESTS_ONE.test(type);

/** Whether Parquet can hold the rows so that they come back the same. */
export const canBeStaged = (columns: readonly Column[]): boolean =>
  columns.length > 0 &&
  columns.every(
    ({ name, type }) =>
      name.toLowerCase() !== 'file_row_number' &&
      (KEPT_AS_TEXT.test(type) || !NESTS_ONE.test(type)),
  );

/** The rows of a table as Parquet is to hold them. */
export const stagedSelect = (columns: readonly Column[]): string =>
  columns
    .map(({ name, type }) => {
      const column = quoteIdentifier(name);
      return KEPT_AS_TEXT.test(type) ? `CAST(${column} AS VARCHAR) AS ${column}` : column;
    })
    .join(', ');

/** Parquet of the engine's own making, in place of the content that it was made of. */
export const stagedReader: IDatasetReader = {
  format: 'staged',
  recognise: () => 0,
  describe: async () => await Promise.reject(new Error('It is described by what it was made of.')),
  open: async ({ path }: LocalContent, { columns }: TableDescription): Promise<Relation> => {
    const index = unusedName('__row', columns);
    const selected = columns.map(({ name, type }) => {
      const column = quoteIdentifier(name);
      return KEPT_AS_TEXT.test(type) ? `CAST(${column} AS ${type}) AS ${column}` : column;
    });
    const rows = `read_parquet(${quoteLiteral(path)}, file_row_number = true)`;
    return {
      sql: `(SELECT file_row_number AS ${quoteIdentifier(index)}, ${selected.join(', ')} FROM ${rows})`,
      rowIndex: quoteIdentifier(index),
    };
  },
};
