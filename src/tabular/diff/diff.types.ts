import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import type { Comparison } from './comparison.js';

export const CHANGES = ['inserted', 'updated', 'deleted'] as const;

export type Change = (typeof CHANGES)[number];

/** The tables of a diff, and what statements know them by. */
export type Side = 'base' | 'head';

/** What is on the bench as `base` and `head`. */
export interface BenchSides {
  columns: Record<Side, readonly Column[]>;
  /** Rows that the versions have beside those, known to be the same in both. */
  beside: number;
}

/** What is asked of two tables. Plain JSON; names are not looked up yet. */
export interface DiffSpec {
  /** Columns whose values tell the rows of each table apart; `null`: rows are compared as wholes. */
  key: string[] | null;
  tolerance: Tolerance | null;
  /** Columns that have other names now. */
  renames: Rename[];
  /** Columns to look at, beside the key; `null`: all. */
  columns: string[] | null;
  /** Columns to pass over. */
  ignore: string[];
}

/**
 * Numbers of FLOAT and DOUBLE columns are equal that differ by no more than `absolute`, or than
 * `relative` times the greater of both: whichever allows more. Infinities are equal to themselves alone.
 */
export interface Tolerance {
  absolute: number;
  relative: number;
}

export interface Rename {
  from: string;
  to: string;
}

/** A column of the one table and what it is in the other. */
export interface ColumnPair {
  base: Column;
  head: Column;
}

/** Whose values can be compared. */
export interface ComparedPair extends ColumnPair {
  comparison: Comparison;
}

/** What of two tables is compared with what. */
export interface DiffPlan {
  /** `null`: rows are compared as wholes. */
  key: ComparedPair[] | null;
  compared: ComparedPair[];
  /** Of types that have nothing in common: rows show them, and are not compared by them. */
  apart: ColumnPair[];
  added: Column[];
  removed: Column[];
  renames: Rename[];
}

/** What a caller is told of a whole diff. Columns have their names in the head, removed ones in the base. */
export interface DiffSummary {
  /** By which rows are the same; `null`: rows were compared as wholes. */
  key: string[] | null;
  counts: Record<Change | 'unchanged', number>;
  rows: { base: number; head: number };
  columns: {
    compared: string[];
    added: Column[];
    removed: Column[];
    retyped: RetypedColumn[];
    renamed: Rename[];
  };
  tolerance: Tolerance | null;
}

export interface RetypedColumn {
  name: string;
  from: string;
  to: string;
  /** The type in which the values were compared; `null`: they were not. */
  comparedAs: string | null;
}

/** A column of the artifact with the changes. */
export interface KeptColumn {
  /** As rows show it. */
  name: string;
  type: string;
  /** What it is called in the artifact. */
  as: string;
}

/** What the columns of the artifact are. */
export interface DiffLayout {
  change: string;
  /** Of a keyed diff: a list of the changed columns. */
  changed: string | null;
  /** Of an unkeyed one: how many such rows. */
  rows: string | null;
  key: KeptColumn[];
  /** Beside the key, with the values of before and after as far as there are any. */
  columns: { before: KeptColumn | null; after: KeptColumn | null }[];
}
