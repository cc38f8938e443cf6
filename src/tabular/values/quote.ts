/** A string as SQL writes it: for what can't be bound, such as paths and options of table functions. */
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as SQL writes it: the one way in which a name gets into a statement. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `{'name': 'type', …}`, as the option `columns` of `read_json` takes it. */
export const columnsLiteral = (columns: readonly { name: string; type: string }[]): string =>
  `{${columns.map(({ name, type }) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`).join(', ')}}`;
