import { isDeepStrictEqual } from 'node:util';
import type { NeededChange } from '../compare/compare.service.js';
import type { MergeConflict } from '../datasets.errors.js';
import { digestOf, type ComponentView } from '../versions/components.repository.js';

/** What to do with files that both sides have changed: keep ours, take theirs, or give up. */
export type MergeStrategy = 'fail' | 'ours' | 'theirs';

export interface MergePlan {
  /** What our side has to take in. */
  changes: NeededChange[];
  /** Paths that both sides have changed, each in its own way. */
  conflicts: Omit<MergeConflict, 'base'>[];
}

/**
 * A three-way merge by file: what one side alone has changed since the merge base is taken as it is,
 * what both have changed in the same way too.
 * @param ours what was changed on our side since the base, by path
 * @param theirs the same of the other side
 */
export function planMerge(
  ours: readonly NeededChange[],
  theirs: readonly NeededChange[],
  strategy: MergeStrategy,
): MergePlan {
  const oursByPath = new Map(ours.map(({ path, file }) => [path, file]));
  const changes: NeededChange[] = [];
  const conflicts: MergePlan['conflicts'] = [];
  for (const change of theirs) {
    const our = oursByPath.get(change.path);
    if (our === undefined) {
      changes.push(change);
    } else if (!isSame(our, change.file)) {
      if (strategy === 'fail') {
        conflicts.push(conflictAt(change.path, our, change.file));
      }
      if (strategy === 'theirs') changes.push(change);
    }
  }
  return { changes, conflicts };
}

/** Whether two uses of a path are the same: content, and what is said of it. */
function isSame(a: ComponentView | null, b: ComponentView | null): boolean {
  if (a === null || b === null) return a === b;
  const { id: _a, fileId: _fileA, ...ofA } = a;
  const { id: _b, fileId: _fileB, ...ofB } = b;
  return isDeepStrictEqual(ofA, ofB);
}

function conflictAt(
  path: string,
  our: ComponentView | null,
  their: ComponentView | null,
): MergePlan['conflicts'][number] {
  const [ours, theirs] = [hashOf(our), hashOf(their)];
  return { path, ours, theirs, differsIn: ours === theirs ? 'description' : 'content' };
}

const hashOf = (file: ComponentView | null): string | null => file && digestOf(file);
