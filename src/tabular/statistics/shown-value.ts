import type { TopValueDto } from './dto/statistics-of-table.dto.js';
import { SHOWN } from './first-pass.js';
import { float } from './scales.js';
import type { Subject } from './subject.js';

/** SQL of the text in which a value leaves the database; one character more than is shown of a long one. */
export function shownText({ kind, scale, cell }: Subject): string {
  const text = `CAST(${cell} AS VARCHAR)`;
  if (kind === 'binary') return `left(to_base64(${cell}), ${SHOWN + 1})`;
  if (scale && kind !== 'float') return `coalesce(CAST(${scale.sql(cell)} AS VARCHAR), ${text})`;
  return scale ? text : `left(${text}, ${SHOWN + 1})`;
}

const FLOATS: Readonly<Record<string, string>> = {
  nan: 'NaN',
  inf: 'Infinity',
  '-inf': '-Infinity',
};

/** A value as it is shown, from its text. */
export function shownValue(
  { kind, scale }: Subject,
  text: string,
): Pick<TopValueDto, 'value' | 'truncated'> {
  if (kind === 'float')
    return { value: FLOATS[text] ?? float(Number(text)) ?? text, truncated: false };
  if (scale && /^-?[\d.]+$/.test(text))
    return { value: scale.render(scale.parse(text) as never) ?? text, truncated: false };
  const characters = text.length > SHOWN ? Array.from(text) : [];
  return characters.length > SHOWN
    ? { value: characters.slice(0, SHOWN).join(''), truncated: true }
    : { value: text, truncated: false };
}
