/** Columns that a table may have: beyond it, names alone fill the memory of whoever reads them. */
export const MAX_COLUMNS = 10_000;

/**
 * Names that DuckDB can tell apart, which takes `a` and `A` for the same: what is empty is named by its
 * place, what was there before gets a number. In the order given.
 */
export function uniqueNames(given: readonly string[]): string[] {
  const taken = new Set(given.map((name) => name.toLowerCase()));
  const seen = new Set<string>();
  return given.map((name, at) => {
    const plain = name.replaceAll('\0', '\uFFFD') || `column${at}`;
    if (plain === name && !seen.has(name.toLowerCase())) {
      seen.add(name.toLowerCase());
      return name;
    }
    let number = 1;
    let unique = plain;
    while (taken.has(unique.toLowerCase()) || seen.has(unique.toLowerCase())) {
      unique = `${plain}_${number++}`;
    }
    seen.add(unique.toLowerCase());
    return unique;
  });
}

/** What a user should know of names that had to be changed; at most one sentence. */
export function renamingWarning(given: readonly string[], names: readonly string[]): string[] {
  const changed = given.flatMap((name, at) =>
    name === names[at] ? [] : [`${JSON.stringify(name)} is ${JSON.stringify(names[at])}`],
  );
  if (changed.length === 0) return [];
  const more = changed.length > 5 ? `, and ${changed.length - 5} more` : '';
  return [
    `Names that are empty or not unique were changed: ${changed.slice(0, 5).join(', ')}${more}.`,
  ];
}
