import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { InvalidFilterError } from '../tabular.errors.js';
import { bindValue } from './bind-value.js';
import { comparePair } from './compare-columns.js';
import type { BoundSql, Comparison, Filter, Literal, Operand, Reference } from './filter.types.js';
import { matches } from './pattern.js';
import { type Resolved, TableColumns } from './resolve.js';
import { compared, compareScaled, equalTo, never } from './scaled.js';
import { shortened } from './tokens.js';

type Condition<K extends Filter['kind']> = Extract<Filter, { kind: K }>;

/**
 * What a filter means for a table, as a condition of DuckDB. Names are those of the table, quoted;
 * every value is a parameter, already checked against the type of its column.
 * @throws InvalidFilterError, UnknownColumnError with the place in the filter
 */
export const toSql = (filter: Filter, columns: readonly Column[]): BoundSql =>
  new SqlWriter(new TableColumns(columns)).condition(filter);

class SqlWriter {
  constructor(private readonly columns: TableColumns) {}

  condition(filter: Filter): BoundSql {
    switch (filter.kind) {
      case 'and':
      case 'or':
        return this.joined(filter);
      case 'not':
        return negated(this.condition(filter.item), true);
      case 'compare':
        return this.compare(filter.column, filter.operator, filter.value);
      case 'in':
        return this.membership(filter);
      case 'between':
        return this.between(filter);
      case 'like':
        return this.like(filter);
      case 'is':
        return this.test(filter);
      case 'column':
        return this.truth(this.columns.resolve(filter.column));
    }
  }

  private joined({ kind, items }: Condition<'and' | 'or'>): BoundSql {
    return joinedBy(
      kind,
      items.map((item) => this.condition(item)),
    );
  }

  private compare(reference: Reference, operator: Comparison, value: Operand): BoundSql {
    const column = this.columns.resolve(reference);
    if (value.kind === 'column') {
      return comparePair(column, operator, this.other(value));
    }
    const bound = bindValue(column, value);
    if (column.type.kind === 'boolean' && operator !== '=' && operator !== '<>') {
      throw new InvalidFilterError(
        `${shortened(column.name)} is true or false: it can only be compared with = and <>.`,
        column.position,
      );
    }
    return bound.kind === 'scaled'
      ? compareScaled(column.sql, operator, bound.value, bound.unit)
      : compared(comparable(column), operator, bound.value);
  }

  /** Who forgets the single quotes of a text names a column that isn't there. */
  private other(reference: Reference): Resolved {
    if (!this.columns.has(reference)) {
      const name = shortened(reference.path.join('.'));
      throw new InvalidFilterError(
        `There is no column ${name} to compare with. If it is a text, write it in single quotes: '${name}'.`,
        reference.position,
      );
    }
    return this.columns.resolve(reference);
  }

  private membership({ column: reference, values, isNegated }: Condition<'in'>): BoundSql {
    const column = this.columns.resolve(reference);
    const constants = values.flatMap((literal) => constantOf(column, literal) ?? []);
    const isIn =
      constants.length === 0
        ? never(column.sql)
        : {
            sql: `${comparable(column)} IN (${constants.map(({ sql }) => sql).join(', ')})`,
            parameters: constants.flatMap(({ parameters }) => parameters),
          };
    return negated(isIn, isNegated);
  }

  private between({ column, low, high, isNegated }: Condition<'between'>): BoundSql {
    const bounds = [this.compare(column, '>=', low), this.compare(column, '<=', high)];
    return negated(joinedBy('and', bounds), isNegated);
  }

  private like({ column: reference, pattern, isNegated }: Condition<'like'>): BoundSql {
    const column = this.columns.resolve(reference);
    if (column.type.kind !== 'text') {
      throw new InvalidFilterError(
        `${shortened(column.name)} is of type ${shortened(column.typeName)}: like is for texts.`,
        column.position,
      );
    }
    return negated(matches(comparable(column), pattern), isNegated);
  }

  private test({ column: reference, what, isNegated }: Condition<'is'>): BoundSql {
    const column = this.columns.resolve(reference);
    const not = isNegated ? ' NOT' : '';
    if (what === 'null') return { sql: `${column.sql} IS${not} NULL`, parameters: [] };
    if (what === 'nan') {
      if (column.type.kind !== 'float') {
        throw new InvalidFilterError(
          `${shortened(column.name)} is of type ${shortened(column.typeName)}: only FLOAT and DOUBLE have NaN.`,
          column.position,
        );
      }
      // Of a null it is known that it is no NaN: `is` is never unknown.
      return { sql: `coalesce(isnan(${column.sql}), false) IS${not} TRUE`, parameters: [] };
    }
    return {
      sql: `${this.truth(column).sql} IS${not} ${what === 'true' ? 'TRUE' : 'FALSE'}`,
      parameters: [],
    };
  }

  private truth(column: Resolved): BoundSql {
    if (column.type.kind !== 'boolean') {
      throw new InvalidFilterError(
        `${shortened(column.name)} is of type ${shortened(column.typeName)}, not BOOLEAN: compare it with a value.`,
        column.position,
      );
    }
    return { sql: column.sql, parameters: [] };
  }
}

/** The column as its values compare: enums and JSON as texts. */
export function comparable({ sql, type }: Resolved): string {
  return type.kind === 'text' && type.name !== 'VARCHAR' ? `CAST(${sql} AS VARCHAR)` : sql;
}

function constantOf(column: Resolved, literal: Literal): BoundSql | null {
  const bound = bindValue(column, literal);
  return bound.kind === 'scaled' ? equalTo(bound.value, bound.unit) : bound.value;
}

const negated = ({ sql, parameters }: BoundSql, isNegated: boolean): BoundSql => ({
  sql: isNegated ? `NOT (${sql})` : sql,
  parameters,
});

const joinedBy = (kind: 'and' | 'or', parts: readonly BoundSql[]): BoundSql => ({
  sql: parts.map(({ sql }) => `(${sql})`).join(kind === 'and' ? ' AND ' : ' OR '),
  parameters: parts.flatMap(({ parameters }) => parameters),
});
