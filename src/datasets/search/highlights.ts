import type { SearchField, SearchHighlight } from '../../core/contracts/search.contract.js';
import { valuesOf, type SearchSource } from './search-document.js';
import { isWanted, type Term } from './search-terms.js';
import { folded, normalised, wordsOf } from '../../core/text/words.js';

/** Of one field, such as tags. */
const MAX_PER_FIELD = 3;
/** Characters shown before the first match, and in all. */
const BEFORE = 40;
const LENGTH = 160;

type Range = [start: number, end: number];

/** What of a dataset matched, the field that counts most first. */
export function highlightsOf(source: SearchSource, terms: readonly Term[]): SearchHighlight[] {
  const texts: [SearchField, readonly string[]][] = [
    ['name', [source.name]],
    ['tags', source.tags],
    ['description', [source.description]],
    ['metadata', valuesOf(source.metadata)],
    ['paths', source.paths],
  ];
  return texts.flatMap(([field, values]) => {
    const highlights: SearchHighlight[] = [];
    for (const value of values) {
      const snippet = snippetOf(value, terms);
      if (snippet !== null) highlights.push({ field, snippet });
      if (highlights.length === MAX_PER_FIELD) break;
    }
    return highlights;
  });
}

/** `null` when nothing in it matches. */
function snippetOf(given: string, terms: readonly Term[]): string | null {
  const text = normalised(given);
  // Cheap, and true of most texts: what has none of the words as a part has none as a word.
  if (!mayMatch(folded(text), terms)) return null;
  const matches = matchesIn(text, terms);
  const [first] = matches;
  if (!first) return null;
  const from = wholeAt(text, first[0] <= BEFORE ? 0 : first[0] - BEFORE);
  const to = wholeAt(text, Math.max(first[1], Math.min(text.length, from + LENGTH)));
  let snippet = from > 0 ? '…' : '';
  let at = from;
  for (const [start, end] of matches.filter((range) => range[1] <= to)) {
    snippet += `${escaped(text.slice(at, start))}<em>${escaped(text.slice(start, end))}</em>`;
    at = end;
  }
  return snippet + escaped(text.slice(at, to)) + (to < text.length ? '…' : '');
}

/** Where words match, in order; those that touch or overlap as one. */
function matchesIn(text: string, terms: readonly Term[]): Range[] {
  const ranges: Range[] = [];
  const wanted = [...wordsOf(text)].filter(({ lexeme }) => isWanted(terms, lexeme));
  for (const { start, end } of wanted.sort((one, other) => one.start - other.start)) {
    const last = ranges.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else ranges.push([start, end]);
  }
  return ranges;
}

const mayMatch = (text: string, terms: readonly Term[]): boolean =>
  terms.some(({ words, pairs, similar }) =>
    [...words, ...pairs, ...similar].some((word) => text.includes(word)),
  );

/** Not between the halves of a surrogate pair. */
const wholeAt = (text: string, at: number): number =>
  at > 0 && /[\ud800-\udbff]/.test(text.charAt(at - 1)) ? at - 1 : at;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char]!);
