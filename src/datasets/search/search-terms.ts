import { normalised, runsOf, type Word } from '../../core/text/words.js';

/** One thing that a dataset must have to be found. */
export interface Term {
  /** All of them. */
  words: readonly string[];
  /** Or all of these instead: the same text, cut into pairs. */
  pairs: readonly string[];
  /** Or one of these: words that look like it. */
  similar: readonly string[];
  /** Whether its last word may be the beginning of one, as it stands last in the query. */
  isOpen: boolean;
}

/** Nothing is left of a text without letters and digits. */
export function termsOf(text: string): Term[] {
  const terms = Array.from(runsOf(normalised(text)), ({ words, pairs }) => ({
    words: words.map(lexemeOf),
    // Of one letter alone: it may also begin a pair.
    pairs: pairs.length > 1 ? pairs.slice(0, -1).map(lexemeOf) : [],
    similar: [],
    isOpen: pairs.length === 1,
  })).filter(({ words }) => words.length > 0);
  const last = terms.at(-1);
  const distinct = new Map(terms.map((term) => [JSON.stringify(term.words), term]));
  return [...distinct.values()].map((term) =>
    term.words.join() === last?.words.join() ? { ...term, isOpen: true } : term,
  );
}

/** Words have letters, digits and marks alone: nothing of a query's syntax. */
export function toTsquery(terms: readonly Term[]): string {
  return terms.map((term) => `(${alternativesOf(term).join(' | ')})`).join(' & ');
}

function alternativesOf({ words, pairs, similar, isOpen }: Term): string[] {
  const quoted = words.map((word, index) =>
    isOpen && index === words.length - 1 ? `'${word}':*` : `'${word}'`,
  );
  return [quoted, pairs.map(quote)]
    .filter((all) => all.length > 0)
    .map((all) => `(${all.join(' & ')})`)
    .concat(similar.map(quote));
}

/** Whether a word of a text is one that the terms ask for. */
export function isWanted(terms: readonly Term[], lexeme: string): boolean {
  return terms.some(
    ({ words, pairs, similar, isOpen }) =>
      words.includes(lexeme) ||
      pairs.includes(lexeme) ||
      similar.includes(lexeme) ||
      (isOpen && lexeme.startsWith(words.at(-1) as string)),
  );
}

const lexemeOf = ({ lexeme }: Word): string => lexeme;
const quote = (word: string): string => `'${word}'`;
