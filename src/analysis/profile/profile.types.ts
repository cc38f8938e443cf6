import type { ColumnStatistics } from '../../tabular/index.js';

/** What is known of a table, as `profile.json`. Nothing in it tells when, where or how fast it was made. */
export interface Profile {
  source: ProfiledSource;
  engineVersion: string;
  rowCount: number;
  missingCells: Portion;
  columns: ProfiledColumn[];
  missing: MissingPatterns;
  correlations: Correlations;
  duplicates: DuplicateRows;
  keys: LikelyKeys;
  warnings: Warning[];
}

export interface ProfiledSource {
  datasetId: string;
  versionId: string;
  versionNumber: number;
  path: string;
  files: { path: string; sha256: string; size: number }[];
}

export interface Portion {
  count: number;
  /** Of all there could be; 0 where there is nothing. */
  share: number;
}

export type ProfiledColumn = ColumnStatistics & { details: ColumnDetails };

/** What statistics do not say of a column. `null`: a column of its kind has none. */
export interface ColumnDetails {
  zeros: Portion | null;
  /** Of a sample, adjusted (G1); of numbers. */
  skewness: number | null;
  /** Numbers that often stand for a missing one and lie far from all others. */
  sentinels: { value: number; count: number }[];
  texts: TextDetails | null;
}

/** Of texts, how many values could be something else. */
export interface TextDetails {
  empty: number;
  /** `NA`, `null`, `-`, … */
  placeholders: number;
  numbers: number;
  timestamps: number;
  /** The first, in their order, that is neither number nor placeholder. */
  otherExample: string | null;
}

export interface MissingPatterns {
  /** Columns in which something is missing, at most 60: those that miss most. */
  columns: string[];
  leftOut: number;
  /** Rows that miss none of these. */
  completeRows: Portion;
  /** Different combinations, the complete one among them. */
  patternCount: number;
  /** The 20 most frequent. */
  patterns: ({ missing: string[] } & Portion)[];
}

export interface Correlations {
  /** Rows that they were worked out on. */
  basis: { exactly: 'exact' | 'estimated'; method: 'all-rows' | 'hash-sample'; rows: number };
  /** Of numbers: -1 to 1. */
  pearson: Association;
  /** The same of their ranks. */
  spearman: Association;
  /** Cramér's V of columns with few values: 0 to 1. */
  cramersV: Association;
}

export interface Association {
  columns: string[];
  /** Columns that would fit and were not looked at. */
  leftOut: number;
  /** Each once. `null`: there is none, since one of the two does not vary in the rows that have both. */
  pairs: { a: string; b: string; value: number | null; rows: number }[];
}

export interface DuplicateRows extends Portion {
  /** Different rows that there are more than one of. */
  groups: number;
  /** Of the five most frequent: where the first is, and its cells as texts of at most 200 characters. */
  examples: { rows: number; file: string; rowIndex: number; cells: (string | null)[] }[];
  /** Whose cells the examples show. */
  shownColumns: string[];
}

export interface LikelyKeys {
  /** Columns, alone or together, whose values are never missing and never the same in two rows. */
  keys: string[][];
  /** Columns that were taken together; none are once one alone is a key. */
  tried: string[];
}

export interface Warning {
  code: WarningCode;
  severity: 'warning' | 'note';
  columns: string[];
  detail: string;
}

export type WarningCode =
  | 'empty'
  | 'constant'
  | 'all-missing'
  | 'mostly-missing'
  | 'placeholders'
  | 'sentinels'
  | 'non-finite'
  | 'mixed-types'
  | 'numbers-as-text'
  | 'high-cardinality'
  | 'imbalance'
  | 'skewed'
  | 'zeros'
  | 'highly-correlated'
  | 'duplicates';
