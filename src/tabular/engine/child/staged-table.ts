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
export const KEPT_AS_TEXT = /^(U?HUGEINT|BIT|TIME WITH TIME ZONE|INTERVAL|BIGNUM)$/;
const NESTS_ONE = /\b(U?HUGEINT|BIT|TIME WITH TIME ZONE|INTERVAL|BIGNUM|UNION|VARIANT)\b/;

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

/** Name of the column that has the places of rows. */
export const placeColumn = (columns: readonly Column[]): string => unusedName('__row', columns);

/** Parquet of the engine's own making, in place of the content that it was made of. */
const ownReader = (
  format: OwnFormat,
  placesIn: (path: string, columns: readonly Column[]) => { rows: string; place: string },
): IDatasetReader => ({
  format,
  recognise: () => 0,
  describe: async () => await Promise.reject(new Error('It is described by what it was made of.')),
  open: async ({ path }: LocalContent, { columns }: TableDescription): Promise<Relation> => {
    const index = quoteIdentifier(placeColumn(columns));
    const selected = columns.map(({ name, type }) => {
      const column = quoteIdentifier(name);
      return KEPT_AS_TEXT.test(type) ? `CAST(${column} AS ${type}) AS ${column}` : column;
    });
    const { rows, place } = placesIn(quoteLiteral(path), columns);
    return {
      sql: `(SELECT ${place} AS ${index}, ${selected.join(', ')} FROM ${rows})`,
      rowIndex: index,
    };
  },
});

/** `staged`: the rows of a content; `merged`: those of one with patches, each with its place in it. */
export type OwnFormat = 'staged' | 'merged';

const OWN_READERS = [
  ownReader('staged', (path) => ({
    rows: `read_parquet(${path}, file_row_number = true)`,
    place: 'file_row_number',
  })),
  ownReader('merged', (path, columns) => ({
    rows: `read_parquet(${path})`,
    place: quoteIdentifier(placeColumn(columns)),
  })),
];

/** The reader of this format where it is of the engine's own making. */
export const ownReaderOf = (format: string): IDatasetReader | undefined =>
  OWN_READERS.find((reader) => reader.format === format);
