export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A double keeps every number of so many digits apart from its neighbours. */
export const EXACT_DIGITS = 15;

/** What a text of the type JSON says; the text itself where it is none. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text, exactNumber) as Json;
  } catch {
    return text;
  }
}

/** Numbers that JavaScript would change stay as they are written, as texts. */
function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  // TypeScript does not know yet that a reviver is told the digits.
  const { source = '' } = context ?? {};
  if (String(value) === source) return value;
  return Number.isFinite(value) && significantDigits(source) <= EXACT_DIGITS ? value : source;
}

/** Of a number as it is written. */
export const significantDigits = (text: string): number =>
  text
    .replace(/[eE].*$/, '')
    .replace(/^-?0*\.?0*/, '')
    .replace('.', '').length;
