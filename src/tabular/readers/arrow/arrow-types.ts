import { DataType, Precision, TimeUnit, type Field } from 'apache-arrow';
import { quoteIdentifier } from '../../values/quote.js';

/** Timestamps by the unit of their values, in the order of Arrow's TimeUnit. */
const TIMESTAMPS = ['TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP', 'TIMESTAMP_NS'] as const;

const intType = ({ bitWidth, isSigned }: { bitWidth: number; isSigned: boolean }): string => {
  const name = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[bitWidth] ?? 'BIGINT';
  return isSigned ? name : `U${name}`;
};

/** What DuckDB calls a type of Arrow; what it has no type for is shown as JSON. */
export function duckDbType(type: DataType): string {
  return scalarType(type) ?? nestedType(type);
}

const isText = (type: DataType): boolean =>
  DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);

function scalarType(type: DataType): string | null {
  if (DataType.isNull(type)) return 'INTEGER';
  if (DataType.isInt(type)) return intType(type);
  if (DataType.isFloat(type)) return type.precision === Precision.DOUBLE ? 'DOUBLE' : 'FLOAT';
  if (DataType.isBool(type)) return 'BOOLEAN';
  if (isText(type)) return 'VARCHAR';
  return decimalType(type) ?? bytesType(type) ?? timeType(type);
}

function decimalType(type: DataType): string | null {
  if (!DataType.isDecimal(type)) return null;
  const { precision, scale } = type;
  const fits = precision <= 38 && scale >= 0 && scale <= precision;
  return fits ? `DECIMAL(${precision},${scale})` : 'VARCHAR';
}

function bytesType(type: DataType): string | null {
  const bytes =
    DataType.isBinary(type) ||
    DataType.isLargeBinary(type) ||
    DataType.isBinaryView(type) ||
    DataType.isFixedSizeBinary(type);
  return bytes ? 'BLOB' : null;
}

function timeType(type: DataType): string | null {
  if (DataType.isDate(type)) return 'DATE';
  if (DataType.isTime(type)) return type.unit === TimeUnit.NANOSECOND ? 'TIME_NS' : 'TIME';
  if (DataType.isTimestamp(type)) {
    return type.timezone ? 'TIMESTAMP WITH TIME ZONE' : (TIMESTAMPS[type.unit] ?? 'TIMESTAMP');
  }
  // A count of nanoseconds is more than an INTERVAL holds.
  if (DataType.isDuration(type)) return type.unit === TimeUnit.NANOSECOND ? 'BIGINT' : 'INTERVAL';
  return DataType.isInterval(type) ? 'INTERVAL' : null;
}

function nestedType(type: DataType): string {
  if (DataType.isDictionary(type)) return duckDbType(type.dictionary as DataType);
  if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type)) {
    return `${duckDbType((type.children[0] as Field).type as DataType)}[]`;
  }
  if (DataType.isStruct(type)) return structType(type.children);
  if (DataType.isMap(type)) {
    const [key, value] = (type.children[0] as Field).type.children as Field[];
    const keyType = key ? scalarType(key.type as DataType) : null;
    return keyType && value ? `MAP(${keyType}, ${duckDbType(value.type as DataType)})` : 'JSON';
  }
  return 'JSON';
}

/** A STRUCT can't have names that are empty or differ by case only. */
function structType(fields: readonly Field[]): string {
  const names = new Set(fields.map(({ name }) => name.toLowerCase()));
  if (fields.length === 0 || names.size < fields.length || names.has('')) return 'JSON';
  const members = fields.map(
    ({ name, type }) => `${quoteIdentifier(name)} ${duckDbType(type as DataType)}`,
  );
  return `STRUCT(${members.join(', ')})`;
}
