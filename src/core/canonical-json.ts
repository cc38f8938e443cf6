import canonicalize from 'canonicalize';
import { createPace } from './pace.js';

/** Text is handed over in pieces of about this many characters. */
const PIECE = 64 * 1024;

/**
 * The canonical JSON (RFC 8785) of an object, in pieces, so that lists of very many items in its
 * members neither stand in memory twice nor keep others waiting.
 */
export async function* canonicalPieces(object: object): AsyncGenerator<string> {
  const pace = createPace();
  let piece = '{';
  let separator = '';
  const members = Object.entries(object).filter(([, value]) => value !== undefined);
  for (const [name, value] of members.sort(([a], [b]) => (a < b ? -1 : 1))) {
    piece += `${separator}${JSON.stringify(name)}:`;
    separator = ',';
    if (!Array.isArray(value)) {
      piece += canonicalize(value);
      continue;
    }
    piece += '[';
    for (const [index, item] of value.entries()) {
      piece += `${index === 0 ? '' : ','}${canonicalize(item) ?? 'null'}`;
      if (piece.length >= PIECE) {
        yield piece;
        piece = '';
      }
      await pace();
    }
    piece += ']';
  }
  yield `${piece}}`;
}
