import type { BoundSql, Pattern } from './filter.types.js';

type Piece = { kind: 'text'; text: string } | { kind: 'any' } | { kind: 'one' };

/**
 * LIKE in linear time. DuckDB's own tries every way in which several `%` can match: a pattern with five
 * of them keeps it busy for minutes on one long text, deaf to interrupts. So the plain forms become
 * comparisons of text, all others a regular expression of RE2, which never goes back.
 */
export function matches(column: string, { text, escape, ignoresCase }: Pattern): BoundSql {
  const pieces = piecesOf(text, escape);
  const of = (value: string): string => (ignoresCase ? `lower(${value})` : value);
  const plain = plainForm(pieces);
  if (plain) {
    const [form, part] = plain;
    const sql = form === '=' ? `${of(column)} = ${of('?')}` : `${form}(${of(column)}, ${of('?')})`;
    return { sql, parameters: [part] };
  }
  // Lower case leaves the expression what it is: it has no letters but those of the texts.
  return {
    sql: `regexp_full_match(${of(column)}, ${of('?')}, 's')`,
    parameters: [pieces.map(expressionOf).join('')],
  };
}

function piecesOf(pattern: string, escape: string | null): Piece[] {
  const pieces: Piece[] = [];
  let isEscaped = false;
  const add = (character: string): void => {
    const last = pieces.at(-1);
    if (last?.kind === 'text') last.text += character;
    else pieces.push({ kind: 'text', text: character });
  };
  for (const character of pattern) {
    if (!isEscaped && character === escape) isEscaped = true;
    else {
      if (isEscaped || (character !== '%' && character !== '_')) add(character);
      else if (character === '_') pieces.push({ kind: 'one' });
      else if (pieces.at(-1)?.kind !== 'any') pieces.push({ kind: 'any' });
      isEscaped = false;
    }
  }
  return pieces;
}

const FORMS: Record<string, '=' | 'starts_with' | 'ends_with' | 'contains'> = {
  '': '=',
  text: '=',
  'text any': 'starts_with',
  'any text': 'ends_with',
  'any text any': 'contains',
  any: 'contains',
};

/** What can be said without an expression, and of which text. */
function plainForm(
  pieces: readonly Piece[],
): ['=' | 'starts_with' | 'ends_with' | 'contains', string] | null {
  const form = FORMS[pieces.map(({ kind }) => kind).join(' ')];
  const text = pieces.find((piece) => piece.kind === 'text')?.text ?? '';
  return form ? [form, text] : null;
}

function expressionOf(piece: Piece): string {
  if (piece.kind === 'any') return '.*';
  if (piece.kind === 'one') return '.';
  return piece.text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}
