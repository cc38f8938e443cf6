import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { InvalidFilterError, UnknownColumnError } from '../tabular.errors.js';
import { type ColumnType, parseType } from '../values/column-type.js';
import { quoteIdentifier } from '../values/quote.js';
import type { Reference } from './filter.types.js';
import { shortened } from './tokens.js';

/** A column, or a field of a struct in it, as a table has it. */
export interface Resolved {
  /** An expression that gives it. */
  sql: string;
  /** For messages: `a.b`. */
  name: string;
  /** As the table writes it. */
  typeName: string;
  type: ColumnType;
  position: number;
}

/** The columns of one table by their names. */
export class TableColumns {
  private readonly exact: ReadonlyMap<string, Column>;
  private alike: Map<string, Column[]> | undefined;

  constructor(private readonly columns: readonly Column[]) {
    this.exact = new Map(columns.map((column) => [column.name, column]));
  }

  /**
   * `a.b` is the field of a struct, or else a column of that very name, as JSON and CSV have them.
   * @throws UnknownColumnError, InvalidFilterError
   */
  resolve({ path, position }: Reference): Resolved {
    const [first = '', ...fields] = path;
    const column = this.find(first, position);
    const whole = fields.length > 0 ? path.join('.') : first;
    if (fields.length > 0 && (!column || parseType(column.type).kind !== 'struct')) {
      const dotted = this.find(whole, position);
      if (dotted) return resolved(dotted, position);
      if (column) throw notStruct(column, fields[0] ?? '', position);
    }
    if (!column) throw this.unknown(whole, position);
    return fields.reduce(fieldOf, resolved(column, position));
  }

  /** A column as a whole. */
  named({ path, position }: Reference): Column {
    const name = path.join('.');
    const column = this.find(name, position);
    if (!column) throw this.unknown(name, position);
    return column;
  }

  /** Whether there would be one. */
  has({ path, position }: Reference): boolean {
    return [path[0] ?? '', path.join('.')].some((name) => this.find(name, position) !== null);
  }

  private unknown(name: string, position: number): UnknownColumnError {
    const known = this.columns.map((column) => column.name);
    return new UnknownColumnError(shortened(name), known, position);
  }

  /** By its exact name, else by the only one that is the same but for upper and lower case. */
  private find(name: string, position: number): Column | null {
    const exact = this.exact.get(name);
    if (exact) return exact;
    this.alike ??= caselessly(this.columns);
    const [only = null, ...others] = this.alike.get(caseless(name)) ?? [];
    if (others.length > 0) {
      throw new InvalidFilterError(
        `Several columns are called ${shortened(name)} but for upper and lower case: write it exactly.`,
        position,
      );
    }
    return only;
  }
}

function caselessly(columns: readonly Column[]): Map<string, Column[]> {
  const alike = new Map<string, Column[]>();
  for (const column of columns) {
    const key = caseless(column.name);
    const others = alike.get(key);
    if (others) others.push(column);
    else alike.set(key, [column]);
  }
  return alike;
}

const caseless = (name: string): string => name.normalize('NFC').toLowerCase();

const resolved = ({ name, type }: Column, position: number): Resolved => ({
  sql: quoteIdentifier(name),
  name,
  typeName: type,
  type: parseType(type),
  position,
});

function notStruct(column: Column, field: string, position: number): InvalidFilterError {
  return new InvalidFilterError(
    `${shortened(column.name)} is of type ${shortened(column.type)} and has no field ${shortened(field)}.`,
    position,
  );
}

/** DuckDB knows the fields of one struct apart by more than upper and lower case. */
function fieldOf(struct: Resolved, name: string): Resolved {
  const { type, position } = struct;
  const column = { name: struct.name, type: struct.typeName };
  if (type.kind !== 'struct') throw notStruct(column, name, position);
  const field =
    type.fields.find((one) => one.name === name) ??
    type.fields.find((one) => caseless(one.name) === caseless(name));
  if (!field) throw notStruct(column, name, position);
  return {
    sql: `(${struct.sql}).${quoteIdentifier(field.name)}`,
    name: `${struct.name}.${field.name}`,
    typeName: field.type,
    type: parseType(field.type),
    position,
  };
}
