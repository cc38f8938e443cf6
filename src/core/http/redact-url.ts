/** A key of ours, as `generateApiKey` makes them, or most of one. */
const KEY = /stratum_[\w-]{40,}/g;

/** Parameters under which people put keys into a URL, though none is taken from there. */
const SECRET_NAME = /key|token|secret|passw|auth|credential|signature|bearer/i;

const REDACTED = 'redacted';

/**
 * A URL as it may be logged: without what could be a key.
 * @param known one that an operator has chosen, which no pattern tells
 */
export function redactUrl(url: string, known?: string): string {
  const redacted = withoutPatterns(url);
  return known !== undefined && decoded(redacted).includes(known) ? REDACTED : redacted;
}

function withoutPatterns(url: string): string {
  const start = url.indexOf('?');
  if (start === -1) return withoutKeys(url);
  const query = url
    .slice(start + 1)
    .split('&')
    .map(redactParameter);
  return `${withoutKeys(url.slice(0, start))}?${query.join('&')}`;
}

/** Whether a text holds what could be a key of ours. */
export const holdsKey = (text: string): boolean => text.search(KEY) !== -1;

function redactParameter(parameter: string): string {
  const name = parameter.split('=', 1)[0] as string;
  // A key may stand where a name does, and even look like one: `stratum_…key…`.
  return SECRET_NAME.test(decoded(name))
    ? `${withoutKeys(name)}=${REDACTED}`
    : withoutKeys(parameter);
}

/** Encoded characters would hide a key: then the whole is left out. */
function withoutKeys(text: string): string {
  const redacted = text.replaceAll(KEY, REDACTED);
  return holdsKey(decoded(redacted)) ? REDACTED : redacted;
}

/** Also of a text that is encoded twice, or badly. */
function decoded(text: string): string {
  let current = text;
  for (let round = 0; round < 3; round += 1) {
    current = current.replaceAll(/%([2-7][0-9a-f])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return current;
}
