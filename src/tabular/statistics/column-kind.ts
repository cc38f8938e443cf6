import type { ColumnKind } from './dto/statistics-of-table.dto.js';

const KINDS: Readonly<Record<string, ColumnKind>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'integer',
  SMALLINT: 'integer',
  INTEGER: 'integer',
  BIGINT: 'integer',
  HUGEINT: 'integer',
  UTINYINT: 'integer',
  USMALLINT: 'integer',
  UINTEGER: 'integer',
  UBIGINT: 'integer',
  UHUGEINT: 'integer',
  FLOAT: 'float',
  DOUBLE: 'float',
  VARCHAR: 'string',
  JSON: 'string',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  TIME: 'time',
  TIME_NS: 'time',
  'TIME WITH TIME ZONE': 'time',
  BLOB: 'binary',
};

/** What a column of a DuckDB type can be asked for. */
export function kindOf(type: string): ColumnKind {
  if (type.endsWith(']')) return 'list';
  if (type.startsWith('STRUCT(')) return 'struct';
  if (type.startsWith('ENUM(')) return 'string';
  if (type.startsWith('DECIMAL(')) return 'decimal';
  return KINDS[type] ?? 'other';
}
