/** Columns that a table may have: beyond it, names alone fill the memory of whoever reads them. */
export const MAX_COLUMNS = 10_000;

/**
 * Names that DuckDB can tell apart, which takes `a` and `A` for the same: what is empty is named by its
 * place, what was there before gets a number. In the order given.
 */
export function uniqueNames(given: readonly string[]): string[] {
  const wanted = given.map((name, at) => name.replaceAll('\0', '\uFFFD') || `column_${at + 1}`);
  const reserved = new Set(wanted.map((name) => name.toLowerCase()));
  const taken = new Set<string>();
  /** Where to go on counting: ten thousand columns may have one name. */
  const last = new Map<string, number>();
  return wanted.map((base) => {
    const key = base.toLowerCase();
    let name = base;
    for (let n = last.get(key) ?? 2; taken.has(name.toLowerCase()); n++) {
      name = `${base}_${n}`;
      if (reserved.has(name.toLowerCase())) taken.add(name.toLowerCase());
      last.set(key, n + 1);
    }
    taken.add(name.toLowerCase());
    return name;
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
