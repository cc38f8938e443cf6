import { InvalidFilterError } from '../tabular.errors.js';
import type { Comparison, Filter, Literal, Operand, Pattern, Reference } from './filter.types.js';
import { TokenReader } from './tokens.js';

/** Of parentheses and `not` within each other. */
const MAX_DEPTH = 100;
/** Columns and values, in all. */
const MAX_OPERANDS = 1_000;
/** Of a number: beyond it the powers of ten are more work than any column is worth. */
const MAX_EXPONENT = 1_000;

const COMPARISONS: Record<string, Comparison> = {
  '=': '=',
  '==': '=',
  '!=': '<>',
  '<>': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
const FLIPPED: Record<Comparison, Comparison> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};
/** A column of such a name is written in double quotes. */
const RESERVED = new Set(
  'and or not in like ilike escape is null between true false'.split(' ') as readonly string[],
);
const TYPED = ['date', 'timestamp', 'time'] as const;
const TESTS = ['null', 'nan', 'true', 'false'] as const;

const A_COLUMN = 'the name of a column';
const A_VALUE = "a value such as 5, 'text' or true";
const A_TEST = 'a comparison such as =, <, in (…), like, between … and … or is null';

/**
 * Reads a filter: docs/filters.md has its grammar. What it means for a table, `toSql` finds out.
 * @throws InvalidFilterError with the place, and what could stand there
 */
export const parseFilter = (text: string): Filter => new FilterParser(text).whole();

/** A name, or several with dots between them. */
export function readReference(tokens: TokenReader, expected: string): Reference {
  const { position } = tokens.peek();
  const path = [readName(tokens, expected)];
  while (tokens.takeSymbol('.')) path.push(readName(tokens, 'the name of a field'));
  return { kind: 'column', path, position };
}

function readName(tokens: TokenReader, expected: string): string {
  const { kind, text } = tokens.peek();
  if (kind !== 'quoted' && (kind !== 'word' || RESERVED.has(text.toLowerCase()))) {
    tokens.fail(expected);
  }
  return tokens.next().text;
}

class FilterParser {
  private readonly tokens: TokenReader;
  private depth = 0;
  private operands = 0;

  constructor(text: string) {
    this.tokens = new TokenReader(text, 'the filter');
  }

  whole(): Filter {
    const filter = this.disjunction();
    this.tokens.expectEnd('and, or or the end of the filter');
    return filter;
  }

  private disjunction(): Filter {
    return this.chain('or', () => this.chain('and', () => this.negation()));
  }

  private chain(kind: 'and' | 'or', part: () => Filter): Filter {
    const items = [part()];
    while (this.tokens.takeWord(kind)) items.push(part());
    return items.length === 1 ? (items[0] as Filter) : { kind, items };
  }

  private negation(): Filter {
    if (!this.tokens.isWord('not')) return this.condition();
    return this.deeper(() => {
      this.tokens.next();
      return { kind: 'not', item: this.negation() };
    });
  }

  private condition(): Filter {
    if (this.tokens.isSymbol('(')) {
      return this.deeper(() => {
        this.tokens.next();
        const inner = this.disjunction();
        this.tokens.expectSymbol(')', 'and, or or a closing parenthesis');
        return inner;
      });
    }
    const literal = this.literal();
    if (literal) return this.flipped(literal);
    const column = this.column(`${A_COLUMN}, not or an opening parenthesis`);
    return this.comparison(column) ?? this.listOrPattern(column) ?? this.test(column);
  }

  /** `5 < v` is `v > 5`. */
  private flipped(value: Literal): Filter {
    const operator = this.operator();
    if (!operator) this.tokens.fail('a comparison such as = or <');
    const column = this.column(`${A_COLUMN}: a value is compared with a column`);
    return { kind: 'compare', operator: FLIPPED[operator], column, value };
  }

  private comparison(column: Reference): Filter | null {
    const operator = this.operator();
    if (!operator) return null;
    const hint = operator === '<>' ? 'is not null' : 'is null';
    return { kind: 'compare', operator, column, value: this.operand(hint) };
  }

  private operator(): Comparison | undefined {
    const { kind, text } = this.tokens.peek();
    const operator = kind === 'symbol' ? COMPARISONS[text] : undefined;
    if (operator) this.tokens.next();
    return operator;
  }

  private listOrPattern(column: Reference): Filter | null {
    const isNegated = this.tokens.takeWord('not');
    if (this.tokens.takeWord('in')) {
      return { kind: 'in', column, values: this.list(), isNegated };
    }
    if (this.tokens.takeWord('between')) {
      const low = this.operand('is null');
      if (!this.tokens.takeWord('and')) this.tokens.fail('and with the upper bound of between');
      return { kind: 'between', column, low, high: this.operand('is null'), isNegated };
    }
    for (const word of ['like', 'ilike']) {
      if (this.tokens.takeWord(word)) {
        return { kind: 'like', column, pattern: this.pattern(word === 'ilike'), isNegated };
      }
    }
    if (isNegated) this.tokens.fail('in, like, ilike or between');
    return null;
  }

  private test(column: Reference): Filter {
    if (!this.tokens.takeWord('is')) {
      const { kind, text } = this.tokens.peek();
      const isDone =
        kind === 'end' || this.tokens.isSymbol(')') || /^(?:and|or)$/i.test(text) || false;
      // A column of truth values is a condition of its own.
      return isDone && kind !== 'quoted' && kind !== 'string'
        ? { kind: 'column', column }
        : this.tokens.fail(A_TEST);
    }
    const isNegated = this.tokens.takeWord('not');
    const what = TESTS.find((word) => this.tokens.takeWord(word));
    return what
      ? { kind: 'is', column, what, isNegated }
      : this.tokens.fail('null, nan, true or false');
  }

  private list(): Literal[] {
    this.tokens.expectSymbol('(', 'a list of values in parentheses');
    const values: Literal[] = [];
    do {
      this.refuseNull('is null');
      const value = this.literal();
      if (!value) this.tokens.fail(this.valueExpected());
      values.push(value);
    } while (this.tokens.takeSymbol(','));
    this.tokens.expectSymbol(')', 'a comma or a closing parenthesis');
    return values;
  }

  private pattern(ignoresCase: boolean): Pattern {
    const { kind, text, position } = this.tokens.peek();
    if (kind !== 'string') this.tokens.fail("a pattern in single quotes, such as 'a%'");
    this.tokens.next();
    this.count(position);
    let escape: string | null = null;
    if (this.tokens.takeWord('escape')) {
      const given = this.tokens.peek();
      if (given.kind !== 'string' || !/^[\x21-\x7e]$/.test(given.text)) {
        this.tokens.fail("one ASCII character in single quotes, such as '!'");
      }
      escape = this.tokens.next().text;
    }
    if (escape !== null && endsOpen(text, escape)) {
      throw new InvalidFilterError(
        `The pattern ends with its escape character ${escape}, which must stand before another.`,
        position,
      );
    }
    return { text, escape, ignoresCase };
  }

  private operand(nullHint: string): Operand {
    this.refuseNull(nullHint);
    const value = this.literal();
    if (value) return value;
    const { kind } = this.tokens.peek();
    if (kind !== 'word' && kind !== 'quoted') this.tokens.fail(A_VALUE);
    return this.column(A_VALUE);
  }

  private refuseNull(hint: string): void {
    if (!this.tokens.isWord('null')) return;
    throw new InvalidFilterError(
      `Nothing compares with null: write ${hint} after the column instead.`,
      this.tokens.peek().position,
    );
  }

  private column(expected: string): Reference {
    const column = readReference(this.tokens, expected);
    this.count(column.position);
    return column;
  }

  /** `null` when there is none. */
  private literal(): Literal | null {
    const { kind, text, position } = this.tokens.peek();
    const literal = this.typed(position) ?? this.plain(kind, text, position);
    if (literal) this.count(position);
    return literal;
  }

  private plain(kind: string, text: string, position: number): Literal | null {
    if (kind === 'string') return { kind, text: this.tokens.next().text, position };
    if (kind === 'number') return { kind, text: this.number(), position };
    if (this.tokens.isSymbol('-') || this.tokens.isSymbol('+')) {
      this.tokens.next();
      if (this.tokens.peek().kind !== 'number') this.tokens.fail('a number');
      return { kind: 'number', text: (text === '-' ? '-' : '') + this.number(), position };
    }
    if (this.tokens.takeWord('true')) return { kind: 'boolean', value: true, position };
    if (this.tokens.takeWord('false')) return { kind: 'boolean', value: false, position };
    return null;
  }

  private number(): string {
    const { text, position } = this.tokens.next();
    const [, exponent = '0'] = text.toLowerCase().split('e');
    if (Math.abs(Number(exponent)) > MAX_EXPONENT) {
      throw new InvalidFilterError(`An exponent is at most ${MAX_EXPONENT}.`, position);
    }
    return text;
  }

  /** `date '2020-01-01'`; alone, `date` is a name like others. */
  private typed(position: number): Literal | null {
    if (this.tokens.peek(1).kind !== 'string') return null;
    const kind = TYPED.find((word) => this.tokens.takeWord(word));
    return kind ? { kind, text: this.tokens.next().text, position } : null;
  }

  private valueExpected(): string {
    const { kind } = this.tokens.peek();
    return kind === 'word' || kind === 'quoted'
      ? `${A_VALUE} (texts stand in single quotes)`
      : A_VALUE;
  }

  private count(position: number): void {
    if (++this.operands > MAX_OPERANDS) {
      throw new InvalidFilterError(
        `A filter has at most ${MAX_OPERANDS} columns and values.`,
        position,
      );
    }
  }

  private deeper(inner: () => Filter): Filter {
    if (++this.depth > MAX_DEPTH) {
      throw new InvalidFilterError(
        `Parentheses and not stand at most ${MAX_DEPTH} deep.`,
        this.tokens.peek().position,
      );
    }
    const filter = inner();
    this.depth--;
    return filter;
  }
}

/** Whether the last character is an escape that escapes nothing. */
function endsOpen(pattern: string, escape: string): boolean {
  let isOpen = false;
  for (const character of pattern) isOpen = !isOpen && character === escape;
  return isOpen;
}
