/** What a column's type lets be done with it. */
export type ColumnType =
  | { kind: 'integer'; name: string; min: bigint; max: bigint }
  | { kind: 'bignum' }
  | { kind: 'decimal'; width: number; scale: number }
  | { kind: 'float'; name: 'FLOAT' | 'DOUBLE' }
  | { kind: 'boolean' }
  /** Enums and JSON are compared and ordered as texts once they are cast to VARCHAR. */
  | { kind: 'text'; name: 'VARCHAR' | 'ENUM' | 'JSON' }
  | { kind: 'date' }
  | { kind: 'timestamp'; name: string; /** Of a second. */ digits: 0 | 3 | 6 | 9; hasZone: boolean }
  | { kind: 'time'; name: 'TIME' | 'TIME_NS'; digits: 6 | 9 }
  | { kind: 'timetz' }
  | { kind: 'uuid' }
  | { kind: 'list'; /** Of its elements. */ type: string; length: number | null }
  | { kind: 'struct'; fields: { name: string; type: string }[] }
  /** Bytes, intervals, maps, unions and what a later engine brings. */
  | { kind: 'other'; name: string };

const signed = (name: string, bits: number): [string, ColumnType] => [
  name,
  { kind: 'integer', name, min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n },
];
const unsigned = (name: string, bits: number): [string, ColumnType] => [
  name,
  { kind: 'integer', name, min: 0n, max: 2n ** BigInt(bits) - 1n },
];
const timestamp = (name: string, digits: 0 | 3 | 6 | 9, hasZone = false): [string, ColumnType] => [
  name,
  { kind: 'timestamp', name, digits, hasZone },
];

const SIMPLE = new Map<string, ColumnType>([
  signed('TINYINT', 8),
  signed('SMALLINT', 16),
  signed('INTEGER', 32),
  signed('BIGINT', 64),
  signed('HUGEINT', 128),
  unsigned('UTINYINT', 8),
  unsigned('USMALLINT', 16),
  unsigned('UINTEGER', 32),
  unsigned('UBIGINT', 64),
  unsigned('UHUGEINT', 128),
  ['BIGNUM', { kind: 'bignum' }],
  ['FLOAT', { kind: 'float', name: 'FLOAT' }],
  ['DOUBLE', { kind: 'float', name: 'DOUBLE' }],
  ['BOOLEAN', { kind: 'boolean' }],
  ['VARCHAR', { kind: 'text', name: 'VARCHAR' }],
  ['JSON', { kind: 'text', name: 'JSON' }],
  ['DATE', { kind: 'date' }],
  timestamp('TIMESTAMP_S', 0),
  timestamp('TIMESTAMP_MS', 3),
  timestamp('TIMESTAMP', 6),
  timestamp('TIMESTAMP_NS', 9),
  timestamp('TIMESTAMP WITH TIME ZONE', 6, true),
  ['TIME', { kind: 'time', name: 'TIME', digits: 6 }],
  ['TIME_NS', { kind: 'time', name: 'TIME_NS', digits: 9 }],
  ['TIME WITH TIME ZONE', { kind: 'timetz' }],
  ['UUID', { kind: 'uuid' }],
]);

/** Reads a logical type as DuckDB writes it. A type that is not known is `other`, never an error. */
export function parseType(text: string): ColumnType {
  const simple = SIMPLE.get(text);
  if (simple) return simple;
  const list = /^(.*)\[(\d*)\]$/s.exec(text);
  if (list) {
    const [, type = '', length = ''] = list;
    return { kind: 'list', type, length: length === '' ? null : Number(length) };
  }
  const decimal = /^DECIMAL\((\d+),\s?(\d+)\)$/.exec(text);
  if (decimal) return { kind: 'decimal', width: Number(decimal[1]), scale: Number(decimal[2]) };
  if (text.startsWith('ENUM(')) return { kind: 'text', name: 'ENUM' };
  if (text.startsWith('STRUCT(')) return { kind: 'struct', fields: fieldsOf(text.slice(7, -1)) };
  return { kind: 'other', name: text };
}

/** `a INTEGER, "b c" STRUCT(d VARCHAR)`: a comma within quotes or parentheses parts no fields. */
function fieldsOf(text: string): { name: string; type: string }[] {
  const fields: { name: string; type: string }[] = [];
  const pattern = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[(),]|[^"'(),]+/g;
  let [depth, current] = [0, ''];
  const end = (): void => {
    const [, name = '', type = ''] = /^\s*("(?:[^"]|"")*"|\S+)\s+(.*)$/s.exec(current) ?? [];
    if (type !== '') fields.push({ name: unquoted(name), type });
    current = '';
  };
  for (const [part] of text.matchAll(pattern)) {
    if (part === '(') depth++;
    if (part === ')') depth--;
    if (part === ',' && depth === 0) end();
    else current += part;
  }
  end();
  return fields;
}

const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

/** Whether there are texts in it. */
export function holdsText(type: string): boolean {
  const parsed = parseType(type);
  if (parsed.kind === 'text') return true;
  if (parsed.kind === 'list') return holdsText(parsed.type);
  if (parsed.kind === 'struct') return parsed.fields.some((field) => holdsText(field.type));
  return /^(?:VARIANT$|(?:MAP|UNION)\(.*\b(?:VARCHAR|ENUM|JSON)\b)/s.test(type);
}
