/** Names of columns, unique whatever the case: DuckDB does not tell `a` from `A`. */
export function columnNames(
  header: readonly string[] | null,
  width: number,
): { names: string[]; warnings: string[] } {
  const names: string[] = [];
  const warnings: string[] = [];
  const taken = new Set<string>();
  /** Where to go on counting: ten thousand columns may have one name. */
  const last = new Map<string, number>();
  const given = new Set(header?.map((name) => name.trim().toLowerCase()));
  const free = (base: string): string => {
    let name = base;
    const isFree = (): boolean => {
      const key = name.toLowerCase();
      // What another column is called by right is left to it.
      return !taken.has(key) && (name === base || !given.has(key));
    };
    for (let n = last.get(base) ?? 2; !isFree(); n += 1) {
      name = `${base}_${n}`;
      last.set(base, n + 1);
    }
    return name;
  };
  for (let at = 0; at < width; at += 1) {
    const wanted = header?.[at]?.trim().replaceAll('\0', '') ?? '';
    const name = free(wanted || `column_${at + 1}`);
    taken.add(name.toLowerCase());
    names.push(name);
    if (header && name !== wanted) warnings.push(warningOf(at + 1, wanted, name));
  }
  return { names, warnings: warnings.length > 10 ? shortened(warnings) : warnings };
}

const shortened = (warnings: readonly string[]): string[] => [
  ...warnings.slice(0, 10),
  `${warnings.length - 10} more columns have been named.`,
];

const warningOf = (place: number, wanted: string, name: string): string =>
  wanted
    ? `The name ${wanted} of column ${place} is taken: the column is called ${name}.`
    : `Column ${place} has no name: it is called ${name}.`;
