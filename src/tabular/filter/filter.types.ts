/** A column, or a field of a struct in it, as it is written. */
export interface Reference {
  kind: 'column';
  /** One name, or those on the way into a struct. */
  path: readonly string[];
  /** Character of the filter, from 1 on; so everywhere here. */
  position: number;
}

export type Literal = { position: number } & (
  | { kind: 'number'; /** Exact: `-12.50e3`. */ text: string }
  | { kind: 'string'; text: string }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'date' | 'timestamp' | 'time'; text: string }
);

export type Operand = Reference | Literal;
export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** What a filter says. Plain JSON, and bound to no table yet. */
export type Filter =
  | { kind: 'and' | 'or'; items: Filter[] }
  | { kind: 'not'; item: Filter }
  | { kind: 'compare'; operator: Comparison; column: Reference; value: Operand }
  | { kind: 'in'; column: Reference; values: Literal[]; isNegated: boolean }
  | { kind: 'between'; column: Reference; low: Operand; high: Operand; isNegated: boolean }
  | { kind: 'like'; column: Reference; pattern: Pattern; isNegated: boolean }
  | { kind: 'is'; column: Reference; what: 'null' | 'nan' | 'true' | 'false'; isNegated: boolean }
  | { kind: 'column'; column: Reference };

export interface Pattern {
  text: string;
  /** One ASCII character before `%`, `_` and itself. */
  escape: string | null;
  ignoresCase: boolean;
}

/** A piece of SQL; each `?` in it is one of the parameters, all of them texts, in their order. */
export interface BoundSql {
  sql: string;
  parameters: string[];
}
