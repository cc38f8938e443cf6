/** The one way in which a name gets into SQL. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
