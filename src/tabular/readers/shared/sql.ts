/** A string as SQL writes it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as SQL writes it. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `{'name': 'type', …}` as the option `columns` of `read_json` takes it. */
export const columnsLiteral = (columns: readonly { name: string; type: string }[]): string =>
  `{${columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ')}}`;
