import { InvalidFilterError } from '../tabular.errors.js';

/** Of a filter, an order or a list of columns. In UTF-16 units. */
export const MAX_TEXT = 16 * 1024;

export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'end';
  /** As it is written; of quoted names and strings what they say. */
  text: string;
  /** Character of the whole, from 1 on. */
  position: number;
}

const LETTER = String.raw`[\p{L}\p{N}\p{M}_]`;
const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<string>'(?:[^']|'')*')`,
    '(?<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)',
    // What goes on with letters is a name: `2020_sales`.
    String.raw`(?<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!${LETTER}))`,
    `(?<word>${LETTER}+)`,
    String.raw`(?<symbol><=|>=|<>|!=|==|[=<>(),.+-])`,
  ].join('|'),
  'uy',
);
const KINDS = ['string', 'quoted', 'number', 'word', 'symbol'] as const;

/**
 * The tokens of a text, read one after the other. In linear time: no token is looked at twice, and no
 * pattern can match a text in two ways.
 * @param what the text is, for messages: `The filter`
 */
export class TokenReader {
  private readonly coming: Iterator<Token, Token>;
  /** Looked at, and not gone past. */
  private readonly seen: Token[] = [];

  /** @throws InvalidFilterError for a text that is too long; for what is no token once it is reached */
  constructor(
    text: string,
    private readonly what: string,
  ) {
    if (text.length > MAX_TEXT) {
      throw new InvalidFilterError(`${what} is longer than ${MAX_TEXT} characters.`, MAX_TEXT + 1);
    }
    this.coming = tokensOf(text);
  }

  peek(ahead = 0): Token {
    while (this.seen.length <= ahead) this.seen.push(this.coming.next().value);
    return this.seen[ahead] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.seen.shift();
    return token;
  }

  isSymbol(symbol: string): boolean {
    const { kind, text } = this.peek();
    return kind === 'symbol' && text === symbol;
  }

  /** Words of the grammar are known in upper and lower case; a quoted one is a name. */
  isWord(word: string, ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === 'word' && text.toLowerCase() === word;
  }

  /** Goes past it if it is there. */
  takeSymbol(symbol: string): boolean {
    const isThere = this.isSymbol(symbol);
    if (isThere) this.next();
    return isThere;
  }

  takeWord(word: string): boolean {
    const isThere = this.isWord(word);
    if (isThere) this.next();
    return isThere;
  }

  expectSymbol(symbol: string, expected: string): void {
    if (!this.takeSymbol(symbol)) this.fail(expected);
  }

  expectEnd(expected: string): void {
    if (this.peek().kind !== 'end') this.fail(expected);
  }

  /** @param expected what could stand at the next token: `a value such as 5` */
  fail(expected: string): never {
    const token = this.peek();
    const found =
      token.kind === 'end' ? `${this.what} ends` : `there is ${shown(token)} at ${token.position}`;
    throw new InvalidFilterError(`Expected ${expected}, but ${found}.`, token.position);
  }
}

/** A value or a name in a message: its beginning. */
export const shortened = (text: string): string =>
  text.length > 60 ? `${Array.from(text).slice(0, 60).join('')}…` : text;

const shown = ({ kind, text }: Token): string =>
  kind === 'string'
    ? `the text '${shortened(text)}'`
    : kind === 'quoted'
      ? `"${shortened(text)}"`
      : shortened(text);

/** Behind the last token is an end, and another one. */
function* tokensOf(text: string): Generator<Token, Token> {
  const pattern = new RegExp(TOKEN);
  let position = 1;
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match?.groups) throw unknownCharacter(text, at, position);
    const [whole] = match;
    const kind = KINDS.find((name) => match.groups?.[name] !== undefined);
    if (kind) yield { kind, text: meantBy(kind, whole), position };
    position += lengthOf(whole);
  }
  const end: Token = { kind: 'end', text: '', position };
  for (;;) yield end;
}

function meantBy(kind: Token['kind'], whole: string): string {
  if (kind !== 'string' && kind !== 'quoted') return whole;
  const quote = whole.charAt(0);
  return whole.slice(1, -1).replaceAll(quote + quote, quote);
}

function unknownCharacter(text: string, at: number, position: number): InvalidFilterError {
  const character = String.fromCodePoint(text.codePointAt(at) as number);
  if (character === "'") {
    return new InvalidFilterError('A text begins here that has no closing quote.', position);
  }
  if (character === '"' || character === '`') {
    return new InvalidFilterError('A name begins here that has no closing quote.', position);
  }
  const code = (text.codePointAt(at) as number).toString(16).toUpperCase().padStart(4, '0');
  const isShown = /[\p{P}\p{S}]/u.test(character);
  return new InvalidFilterError(
    `The character ${isShown ? `${character} ` : ''}(U+${code}) has no meaning here. ` +
      `Texts stand in 'single quotes', names with such characters in "double quotes".`,
    position,
  );
}

/** In characters: code points. */
const lengthOf = (text: string): number => Array.from(text).length;
