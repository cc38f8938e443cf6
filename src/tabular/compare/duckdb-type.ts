export interface Field {
  name: string;
  type: DuckDbType;
}

/** A type as it is written by DuckDB, taken apart. */
export type DuckDbType =
  | { is: 'plain'; name: string }
  | { is: 'decimal'; precision: number; scale: number }
  | { is: 'enum'; values: string[] }
  | { is: 'list'; element: DuckDbType; size: number | null }
  | { is: 'map'; key: DuckDbType; value: DuckDbType }
  | { is: 'struct'; fields: Field[] }
  | { is: 'union'; fields: Field[] };

const TOKENS = /\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([A-Za-z_][\w.]*|\d+)|([(),[\]]))/y;

type Token = { is: 'quoted' | 'text' | 'word' | 'sign'; of: string };

function tokensOf(type: string): Token[] {
  const tokens: Token[] = [];
  const end = type.trimEnd().length;
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < end) {
    const match = TOKENS.exec(type);
    if (!match) throw new SyntaxError(`${type} is no type.`);
    const [, quoted, text, word, sign] = match;
    if (quoted !== undefined) tokens.push({ is: 'quoted', of: quoted.replaceAll('""', '"') });
    else if (text !== undefined) tokens.push({ is: 'text', of: text.replaceAll("''", "'") });
    else if (word !== undefined) tokens.push({ is: 'word', of: word });
    else tokens.push({ is: 'sign', of: sign as string });
  }
  return tokens;
}

/**
 * Takes a type apart: `STRUCT(a INTEGER, "b c" VARCHAR[])`, `DECIMAL(18,3)`, `ENUM('a', 'b')`, `INTEGER[3]`.
 * @throws SyntaxError what DuckDB does not write
 */
export function parseType(type: string): DuckDbType {
  const parser = new TypeParser(tokensOf(type));
  const parsed = parser.type();
  if (!parser.isAtEnd) throw new SyntaxError(`${type} is no type.`);
  return parsed;
}

class TypeParser {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get isAtEnd(): boolean {
    return this.at === this.tokens.length;
  }

  type(): DuckDbType {
    let type = this.base();
    while (this.accept('[')) {
      const size = this.accept(']') ? null : Number(this.next().of);
      if (size !== null) this.expect(']');
      type = { is: 'list', element: type, size };
    }
    return type;
  }

  private base(): DuckDbType {
    const first = this.next();
    // The type of a column that is only null: "NULL", quoted.
    if (first.is === 'quoted') return { is: 'plain', name: first.of };
    if (first.is !== 'word') throw new SyntaxError(`${first.of} begins no type.`);
    const name = first.of.toUpperCase();
    if (!this.accept('(')) return this.plain(name);
    switch (name) {
      case 'DECIMAL':
        return this.decimal();
      case 'ENUM':
        return { is: 'enum', values: this.items(() => this.next().of) };
      case 'STRUCT':
        return { is: 'struct', fields: this.items(() => this.field()) };
      case 'UNION':
        return { is: 'union', fields: this.items(() => this.field()) };
      case 'MAP': {
        const [key, value] = this.items(() => this.type());
        if (!key || !value) throw new SyntaxError('A map has a key and a value.');
        return { is: 'map', key, value };
      }
      default:
        throw new SyntaxError(`${name} takes no parameters.`);
    }
  }

  /** `TIMESTAMP WITH TIME ZONE` is one name of several words. */
  private plain(name: string): DuckDbType {
    const words = [name];
    while (this.tokens[this.at]?.is === 'word') words.push(this.next().of.toUpperCase());
    return { is: 'plain', name: words.join(' ') };
  }

  private decimal(): DuckDbType {
    const [precision = 18, scale = 0] = this.items(() => Number(this.next().of));
    return { is: 'decimal', precision, scale };
  }

  private field(): Field {
    const { of: name } = this.next();
    return { name, type: this.type() };
  }

  /** Up to and with the closing parenthesis. */
  private items<T>(item: () => T): T[] {
    const items: T[] = [];
    do items.push(item());
    while (this.accept(','));
    this.expect(')');
    return items;
  }

  private next(): Token {
    const token = this.tokens[this.at];
    if (!token) throw new SyntaxError('The type ends too early.');
    this.at += 1;
    return token;
  }

  private accept(sign: string): boolean {
    const token = this.tokens[this.at];
    if (token?.is !== 'sign' || token.of !== sign) return false;
    this.at += 1;
    return true;
  }

  private expect(sign: string): void {
    if (!this.accept(sign)) throw new SyntaxError(`${sign} is missing in a type.`);
  }
}
