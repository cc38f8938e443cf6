import { PathAbsentError, PathConflictError, PathExistsError } from '../datasets.errors.js';
import type { DescribedChange, DescribedFile } from './changes.js';
import { foldersOf } from './paths.js';

/** What becomes of a path: a file that is put, the component that another path had, or nothing. */
export type PlannedEntry = { put: DescribedFile } | { moved: string } | null;

/**
 * What a commit writes, by path.
 * @param current the component of every path of the changes, and of every folder that a changed
 *   path lies in, as far as the parent has a file there
 * @throws PathAbsentError, PathExistsError, PathConflictError
 */
export function planCommit(
  changes: readonly DescribedChange[],
  current: ReadonlyMap<string, string>,
): Map<string, PlannedEntry> {
  const plan = new Map<string, PlannedEntry>();
  for (const change of changes) {
    if (change.op === 'put') continue;
    const source = change.op === 'move' ? change.from : change.path;
    if (!current.has(source)) throw new PathAbsentError(source);
    plan.set(source, null);
  }
  for (const change of changes) {
    if (change.op === 'delete') continue;
    if (change.op === 'move') {
      if (current.has(change.path) && !plan.has(change.path))
        throw new PathExistsError(change.path);
      plan.set(change.path, { moved: current.get(change.from) as string });
    } else {
      plan.set(change.path, { put: change.file });
    }
  }
  refuseFilesAsFolders(plan, current);
  return plan;
}

/** Every folder of a path that gets a file must be free of a file itself. */
function refuseFilesAsFolders(
  plan: ReadonlyMap<string, PlannedEntry>,
  current: ReadonlyMap<string, string>,
): void {
  for (const [path, entry] of plan) {
    if (entry === null) continue;
    for (const folder of foldersOf(path)) {
      const isFile = plan.has(folder) ? plan.get(folder) !== null : current.has(folder);
      if (isFile) throw new PathConflictError(folder, path);
    }
  }
}
