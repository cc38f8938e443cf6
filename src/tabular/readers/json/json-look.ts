import type { LocalContent } from '../../../core/contracts/dataset-reader.contract.js';
import { encodingOf } from './json-text.js';

const NAMES = /\.(?:json|jsonl|ndjson|geojson|topojson)(?:\.(?:gz|zst))?$/i;
const TYPES = /^(?:application\/)?(?:x-)?(?:json|jsonl|ndjson|geojson|topojson|json-?lines)$/i;

/** What a JSON text can begin with when it is an object or an array with something in it. */
const STARTS = /^\s*(?:\{\s*(?:"|\})|\[\s*(?:[[{"\]\-0-9tfn]|$))/;

/**
 * Text that begins like an object or a list. One that begins like a value alone may be anything: then
 * name and type count.
 */
export function looksLikeJson(head: Uint8Array, content: LocalContent): number {
  const said = TYPES.test(content.fileType) || NAMES.test(content.fileName);
  const text = new TextDecoder(encodingOf(head)).decode(head);
  if (text.includes('\0')) return 0;
  const start = text.slice(0, 4096);
  if (/^\s*\{\s*(?:"|\})/.test(start))
    return /^\s*\{\s*(?:\}|"[^]*?"\s*:|"[^"]*$)/.test(start) ? 0.9 : 0.4;
  if (STARTS.test(start)) return said ? 0.95 : 0.6;
  return said && text.trim() !== '' ? 0.5 : 0;
}
