/** The JSON pointer (RFC 6901) of a property of the whole. */
export const pointerTo = (key: string): string =>
  `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
