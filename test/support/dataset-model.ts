/** What one change brought to one path: the unit that holds a reference. */
export interface ModelFile {
  /** Which change brought it: equal for every version that still shows it. */
  component: number;
  fileId: number;
}

export type ModelFiles = ReadonlyMap<string, ModelFile>;

export interface ModelVersion {
  files: ModelFiles;
  parent: number | null;
  merged: number | null;
  isDeleted: boolean;
}

/** `null`: the path is to have no file. */
export type Wanted = Map<string, number | null>;

export interface ModelDiff {
  kind: string;
  path: string;
  from: string | null;
}

/**
 * A dataset as plain maps: every version is a whole copy, nothing is shared, layered or cached. It shares
 * no code with what it is compared to.
 */
export class DatasetModel {
  readonly versions: ModelVersion[] = [];
  readonly branches = new Map<string, number>();
  private components = 0;

  version(number: number): ModelVersion {
    return this.versions[number - 1] as ModelVersion;
  }

  filesOf(number: number | undefined): ModelFiles {
    return number === undefined ? new Map() : this.version(number).files;
  }

  live(): number[] {
    return this.versions.flatMap(({ isDeleted }, index) => (isDeleted ? [] : index + 1));
  }

  /** A new version on a branch. Every path in `wanted` becomes what it says. */
  commit(branch: string, wanted: Wanted, merged: number | null = null): number {
    const parent = this.branches.get(branch);
    const files = new Map(this.filesOf(parent));
    for (const [path, fileId] of wanted) {
      if (fileId === null) files.delete(path);
      else files.set(path, { component: (this.components += 1), fileId });
    }
    this.versions.push({ files, parent: parent ?? null, merged, isDeleted: false });
    this.branches.set(branch, this.versions.length);
    return this.versions.length;
  }

  remove(number: number): void {
    this.version(number).isDeleted = true;
    for (const [name, at] of this.branches) {
      if (at !== number) continue;
      let ancestor: number | null = number;
      while (ancestor !== null && this.version(ancestor).isDeleted) {
        ancestor = this.version(ancestor).parent;
      }
      if (ancestor === null) this.branches.delete(name);
      else this.branches.set(name, ancestor);
    }
  }

  /** What has to be done to `from` for it to show what `to` shows. */
  changes(from: ModelFiles, to: ModelFiles): Wanted {
    const wanted: Wanted = new Map();
    for (const path of new Set([...from.keys(), ...to.keys()])) {
      const [was, is] = [from.get(path)?.fileId, to.get(path)?.fileId];
      if (was !== is) wanted.set(path, is ?? null);
    }
    return wanted;
  }

  diff(base: number, head: number): ModelDiff[] {
    const [from, to] = [this.filesOf(base), this.filesOf(head)];
    const changed = [...this.changes(from, to)].sort(([a], [b]) => (a < b ? -1 : 1));
    const removed = changed.filter(([, fileId]) => fileId === null).map(([path]) => path);
    const entries: ModelDiff[] = [];
    for (const [path, fileId] of changed) {
      if (fileId === null) continue;
      if (from.has(path)) {
        entries.push({ kind: 'changed', path, from: null });
        continue;
      }
      const source = removed.findIndex((gone) => from.get(gone)?.fileId === fileId);
      const [origin] = source < 0 ? [] : removed.splice(source, 1);
      entries.push({ kind: origin ? 'moved' : 'added', path, from: origin ?? null });
    }
    for (const path of removed) entries.push({ kind: 'removed', path, from: null });
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The newest version that both have taken in. */
  mergeBase(a: number, b: number): number | undefined {
    const pastOfB = this.past(b);
    return [...this.past(a)].filter((number) => pastOfB.has(number)).sort((x, y) => y - x)[0];
  }

  /** How many uses of each content are still shown by a version that is not deleted. */
  shownUses(): Map<number, number> {
    const shown = new Map<number, number>();
    for (const number of this.live()) {
      for (const { component, fileId } of this.filesOf(number).values())
        shown.set(component, fileId);
    }
    const uses = new Map<number, number>();
    for (const fileId of shown.values()) uses.set(fileId, (uses.get(fileId) ?? 0) + 1);
    return uses;
  }

  private past(number: number, seen = new Set<number>()): Set<number> {
    if (seen.has(number)) return seen;
    seen.add(number);
    const { parent, merged } = this.version(number);
    if (parent !== null) this.past(parent, seen);
    if (merged !== null) this.past(merged, seen);
    return seen;
  }
}
