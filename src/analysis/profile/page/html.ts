/** Text that is markup already. */
export class Html {
  constructor(readonly text: string) {}
}

export type Part = Html | string | number | null | undefined | readonly Part[];

/**
 * Markup whose values are text: whatever is put in is escaped, unless it is markup made by this function.
 * Nothing of a page is put together otherwise, so no name and no value of a table can become markup.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  let text = strings[0] ?? '';
  values.forEach((value, place) => {
    text += textOf(value) + (strings[place + 1] ?? '');
  });
  return new Html(text);
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  if (part === null || part === undefined) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return part.map(textOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Control characters are shown by their pictures: HTML has no way to write most of them. */
export const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '')
    .replaceAll(/\p{Cc}/gu, (character) => {
      const code = character.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\u2421';
    });

/** A name or value of the table: its writing direction ends with it. */
export const bdi = (text: string): Html => html`<bdi>${text}</bdi>`;
