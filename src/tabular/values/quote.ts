/** A string literal of SQL, for what can't be bound: paths and options of table functions. */
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An identifier of SQL. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
