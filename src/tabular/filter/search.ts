import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { folded, normalised, runsOf } from '../../core/text/words.js';
import { InvalidFilterError } from '../tabular.errors.js';
import { holdsText, parseType } from '../values/column-type.js';
import { quoteIdentifier } from '../values/quote.js';
import type { BoundSql } from './filter.types.js';

/** In characters. */
const MAX_QUERY = 1_000;
const MAX_WORDS = 50;

/** Scripts whose marks are accents, which people leave out; elsewhere they are vowels and other letters. */
const ACCENTED =
  /^[\p{scx=Latin}\p{scx=Greek}\p{scx=Cyrillic}\p{scx=Armenian}\p{scx=Arabic}\p{scx=Hebrew}\p{Script=Common}\p{Script=Inherited}]*$/u;

/** A word as it is looked for. */
interface Needle {
  /** What is done to a text before it is looked for in it. */
  fold: (sql: string) => string;
  /** Any of them. */
  spellings: string[];
}

/**
 * The condition of rows in which each word of a query stands in some text, as a part of it. Case, accents
 * and the width of letters make no difference; `null` when the query is empty.
 * @throws InvalidFilterError for one that is too long
 */
export function searchSql(query: string, columns: readonly Column[]): BoundSql | null {
  if (query.length > MAX_QUERY) {
    throw new InvalidFilterError(`A search has at most ${MAX_QUERY} characters.`, MAX_QUERY + 1);
  }
  const words = wordsOf(query);
  if (words.length === 0) return null;
  const texts = columns.filter(({ type }) => holdsText(type)).map(textOf);
  const parts = words.map((word) => partOf(needleOf(word), texts));
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(' AND '),
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

/** A query without letters and digits is looked for as it is: signs and pictures can be found, too. */
function wordsOf(query: string): string[] {
  const words = new Set<string>();
  for (const run of runsOf(normalised(query.toWellFormed()))) {
    for (const { lexeme } of run.words) words.add(lexeme);
  }
  const all = words.size > 0 ? [...words] : [folded(normalised(query.toWellFormed())).trim()];
  return all.filter((word) => word !== '').slice(0, MAX_WORDS);
}

/** What is no VARCHAR is searched as DuckDB writes it. */
const textOf = ({ name, type }: Column): string =>
  parseType(type).kind === 'text' && type === 'VARCHAR'
    ? quoteIdentifier(name)
    : `CAST(${quoteIdentifier(name)} AS VARCHAR)`;

/** A table without texts has no row in which a word could stand. */
function partOf({ fold, spellings }: Needle, texts: readonly string[]): BoundSql {
  const found = texts.flatMap((text) =>
    spellings.map((spelling) => ({
      sql: `contains(${fold(text)}, ?)`,
      parameters: [spelling],
    })),
  );
  return {
    sql: found.length === 0 ? 'false' : found.map(({ sql }) => sql).join(' OR '),
    parameters: found.flatMap(({ parameters }) => parameters),
  };
}

/**
 * The engine folds texts with what it has: lower case letter by letter, accents off, no NFKC. Whatever
 * else differs between the spellings of one word is evened out only where the word asks for it.
 */
function needleOf(word: string): Needle {
  const evened: [string, string][] = [];
  let plain = word;
  const even = (from: string, to: string): void => {
    plain = plain.replaceAll(from, to);
    if (plain.includes(to)) evened.push([from, to]);
  };
  even('ς', 'σ');
  even('ß', 'ss');
  const isAccented = ACCENTED.test(word);
  if (/\p{scx=Arabic}/u.test(word)) evened.push(['\u0640', '']);
  const fold = (sql: string): string =>
    evened.reduce(
      (inner, [from, to]) => `replace(${inner}, '${from}', '${to}')`,
      isAccented ? `lower(strip_accents(${sql}))` : `lower(nfc_normalize(${sql}))`,
    );
  return { fold, spellings: spellingsOf(plain) };
}

/** Narrow and wide forms that NFKC makes one: as the query has them, and as texts may have them. */
function spellingsOf(word: string): string[] {
  const wide = word.replaceAll(/[!-~]/g, (letter) =>
    String.fromCodePoint((letter.codePointAt(0) as number) + 0xfee0),
  );
  const narrow = word.replaceAll(/[\u3001-\u30ff]/g, (letter) => NARROW.get(letter) ?? letter);
  const joined = LIGATURES.reduce((text, [from, to]) => text.replaceAll(from, to), word);
  return [...new Set([word, wide, narrow, joined])];
}

/** As typesetting leaves them in texts; the longest first. */
const LIGATURES: [string, string][] = [
  ['ffi', 'ﬃ'],
  ['ffl', 'ﬄ'],
  ['ff', 'ﬀ'],
  ['fi', 'ﬁ'],
  ['fl', 'ﬂ'],
];

/** Half-width katakana, which have their voicing marks beside them. */
const NARROW = new Map<string, string>();
for (let code = 0xff61; code <= 0xff9d; code++) {
  for (const mark of ['', '\uff9e', '\uff9f']) {
    const narrow = String.fromCodePoint(code) + mark;
    const usual = narrow.normalize('NFKC');
    if (usual.length === 1) NARROW.set(usual, narrow);
  }
}
