/** A word of a text as the index knows it, and where it stands in the text. */
export interface Word {
  lexeme: string;
  start: number;
  end: number;
}

/** Letters of one kind that stand together, cut into words. */
export interface Run {
  words: Word[];
  /**
   * Every pair of neighbours, and the last letter alone: finds a part of a word that was cut
   * otherwise in the text than in the query. Only of scripts where a letter says much.
   */
  pairs: Word[];
}

/** Longer words are told apart by their beginning alone. In characters. */
const MAX_WORD = 64;

const PAIRED = String.raw`[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]`;
const LETTER = String.raw`[\p{L}\p{N}\p{M}]`;
const RUNS = new RegExp(`(?<paired>(?:(?=${LETTER})${PAIRED})+)|(?:(?!${PAIRED})${LETTER})+`, 'gu');
/** Scripts without spaces, where only a dictionary tells the words. */
const UNSPACED =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** Accents of European scripts, and the vowel signs that Arabic and Hebrew do without. */
const ACCENTS =
  /\u0640|[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]/gu;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** One spelling for what counts as one text. Offsets of words are those in this text. */
export const normalised = (text: string): string => text.normalize('NFKC');

/** Lower case, without accents: `São` and `sao` are one word. */
export const folded = (text: string): string =>
  text.toLowerCase().normalize('NFD').replaceAll(ACCENTS, '').normalize('NFC');

/** The words of a normalised text. What is no letter, digit or mark parts words. */
export function* runsOf(text: string): Generator<Run> {
  for (const match of text.matchAll(RUNS)) {
    const [run] = match;
    yield {
      words: segmentsOf(run).flatMap(([at, segment]) => wordAt(segment, match.index + at)),
      pairs: match.groups?.['paired'] ? pairsOf(run, match.index) : [],
    };
  }
}

/** All that the index has of a normalised text. */
export function* wordsOf(text: string): Generator<Word> {
  for (const { words, pairs } of runsOf(text)) {
    yield* words;
    yield* pairs;
  }
}

/** A run of a script with spaces is one word already: the segmenter is a hundred times slower. */
function segmentsOf(run: string): [number, string][] {
  if (!UNSPACED.test(run)) return [[0, run]];
  return Array.from(segmenter.segment(run), ({ index, segment }) => [index, segment]);
}

function wordAt(text: string, start: number): Word[] {
  const lexeme = Array.from(folded(text)).slice(0, MAX_WORD).join('');
  return lexeme === '' ? [] : [{ lexeme, start, end: start + text.length }];
}

function pairsOf(run: string, start: number): Word[] {
  const letters = Array.from(run);
  let at = start;
  return letters.flatMap((letter, index) => {
    const pair = wordAt(letter + (letters[index + 1] ?? ''), at);
    at += letter.length;
    return pair;
  });
}
