import { normalised, wordsOf } from '../../core/text/words.js';

/** What the index is made from. */
export interface SearchSource {
  name: string;
  description: string;
  tags: readonly string[];
  metadata: Record<string, unknown>;
  /** Of the head of `main`, in their order. */
  paths: readonly string[];
}

export interface SearchDocument {
  /** A tsvector: each word with its first position in each field. */
  vector: string;
  /** Words that people misspell: of letters alone, 4 to 32 of them. */
  words: string[];
}

/** How much a field counts, as PostgreSQL names it: `A` most. */
type Weight = 'A' | 'B' | 'C' | 'D';

/** The largest position that a tsvector tells. */
const MAX_POSITION = 16_383;
/** Of all paths together; the first paths are searched, and the words that they share with others. */
const MAX_PATH_WORDS = 10_000;
/** A tsvector has at most 1 MiB, of which everything else can fill a half. */
const MAX_PATH_BYTES = 400_000;
const MISSPELT = /^[\p{L}\p{M}]{4,32}$/u;

export function documentOf(source: SearchSource): SearchDocument {
  const positions = new Map<string, Map<Weight, number>>();
  const spelt = new Set<string>();
  let position = 0;
  const add = (text: string, weight: Weight): void => {
    for (const { lexeme } of wordsOf(normalised(text))) {
      position = Math.min(position + 1, MAX_POSITION);
      const places = positions.get(lexeme) ?? new Map<Weight, number>();
      if (!places.has(weight)) positions.set(lexeme, places.set(weight, position));
      if (MISSPELT.test(lexeme)) spelt.add(lexeme);
    }
  };
  add(source.name, 'A');
  for (const tag of source.tags) add(tag, 'B');
  add(source.description, 'C');
  for (const value of valuesOf(source.metadata)) add(value, 'C');
  const before = positions.size;
  let bytes = 0;
  for (const path of source.paths) {
    if (positions.size - before > MAX_PATH_WORDS || bytes > MAX_PATH_BYTES) break;
    const size = positions.size;
    add(path, 'D');
    if (positions.size > size) bytes += Buffer.byteLength(path) * 2;
  }
  return { vector: vectorOf(positions), words: [...spelt] };
}

/** Texts and numbers at any depth. Without recursion, which depth would break. */
export function valuesOf(metadata: Record<string, unknown>): string[] {
  const values: string[] = [];
  const open: unknown[] = [metadata];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') values.push(value);
    else if (typeof value === 'number') values.push(String(value));
    else if (typeof value === 'object' && value !== null) {
      open.push(...Object.values(value).toReversed());
    }
  }
  return values;
}

/** Words have letters, digits and marks alone: nothing to escape. */
const vectorOf = (positions: ReadonlyMap<string, ReadonlyMap<Weight, number>>): string =>
  Array.from(
    positions,
    ([lexeme, places]) =>
      `'${lexeme}':${Array.from(places, ([weight, at]) => `${at}${weight}`).join()}`,
  ).join(' ');
