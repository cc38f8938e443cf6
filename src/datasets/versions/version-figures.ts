import type { TypeCounts } from '../entities/dataset-version.entity.js';
import { bytesOf, type ComponentView } from './components.repository.js';
import type { Version } from './versions.repository.js';

export interface VersionFigures {
  fileCount: number;
  totalBytes: number;
  types: TypeCounts;
}

/** The figures of a version from those of its parent: exact, without a look at the other files. */
export function figuresOf(
  parent: Version | null,
  added: readonly ComponentView[],
  removed: readonly ComponentView[],
): VersionFigures {
  // A map, since a type may be called `constructor`.
  const types = new Map(Object.entries(parent?.types ?? {}));
  let fileCount = parent?.fileCount ?? 0;
  let totalBytes = parent?.totalBytes ?? 0;
  const count = (component: ComponentView, sign: 1 | -1): void => {
    const { fileType } = component;
    const size = bytesOf(component);
    const { files, bytes } = types.get(fileType) ?? { files: 0, bytes: 0 };
    types.set(fileType, { files: files + sign, bytes: bytes + sign * size });
    if (files + sign === 0) types.delete(fileType);
    fileCount += sign;
    totalBytes += sign * size;
  };
  for (const component of added) count(component, 1);
  for (const component of removed) count(component, -1);
  return { fileCount, totalBytes, types: Object.fromEntries(types) };
}
