import type { SourceFile } from '../sources/table-sources.service.js';

/** What a statement may call a file: its path, its name, or its name without what follows the first dot. */
function namesOf({ path, fileName }: SourceFile): string[] {
  const stem = fileName.replace(/(?<=.)\..*$/, '');
  return [path, fileName, stem, stem.replaceAll(/[^\p{L}\p{N}_]+/gu, '_')];
}

export interface FoundTable {
  /** As the statement calls it. */
  name: string;
  files: SourceFile[];
}

export interface FoundTables {
  found: FoundTable[];
  /** Names that no file has. */
  unknown: string[];
  /** Names that several files have, which only their paths tell apart. */
  ambiguous: string[];
}

/**
 * The files that these names stand for. A path goes before a name, and a name before one without its
 * ending; upper and lower case are the same, as in SQL. A name that ends in `/` is a folder.
 */
export function findTables(names: readonly string[], files: readonly SourceFile[]): FoundTables {
  const result: FoundTables = { found: [], unknown: [], ambiguous: [] };
  for (const name of names) {
    const candidates = name.endsWith('/')
      ? [files.filter(({ path }) => path.startsWith(name))]
      : [0, 1, 2, 3].map((rank) => files.filter((file) => isSame(namesOf(file)[rank], name)));
    const matches = candidates.find(({ length }) => length > 0);
    if (!matches) result.unknown.push(name);
    else if (matches.length > 1 && !name.endsWith('/')) result.ambiguous.push(name);
    else result.found.push({ name, files: matches });
  }
  return result;
}

const isSame = (one: string | undefined, other: string): boolean =>
  one?.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase();
