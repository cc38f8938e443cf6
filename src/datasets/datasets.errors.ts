import { AppError } from '../core/errors/index.js';

export class DatasetNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'dataset-not-found';
  readonly title = 'There is no such dataset';

  /** @param key the id or slug, when more than one was asked for */
  constructor(key?: string) {
    super(`No dataset ${key ?? 'of this id or slug'} can be read with this key.`);
  }
}

export class TagNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'tag-not-found';
  readonly title = 'There is no such tag';
}

export class TagTooCommonError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'tag-too-common';
  readonly title = 'Too many datasets have this tag';

  /** @param limit datasets that one request may change */
  constructor(limit: number) {
    super(`More than ${limit} datasets would change: do it by POST /v1/datasets/batch-tag.`);
  }
}

export class SlugTakenError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'slug-taken';
  readonly title = 'Another dataset has this slug';

  constructor(slug: string) {
    super(`${slug} is the slug of another dataset: choose one that is free.`);
  }
}

export class VersionNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'version-not-found';
  readonly title = 'There is no such version';

  /** @param among what was looked for: a commit goes on top of a branch only */
  constructor(ref: string, among = 'version, branch or tag') {
    super(`The dataset has no ${among} ${ref}.`);
  }
}

export class PathNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'path-not-found';
  readonly title = 'The version has no such file';

  /** @param version as a message names it */
  constructor(path: string, version = 'this version') {
    super(`There is no file at ${path} in ${version}.`);
  }
}

export class FilePatchedError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'file-patched';
  readonly title = 'Patches lie over the rows of the file';

  constructor(path: string) {
    super(
      `Patches lie over the rows of ${path}: export it, or have a job of the kind compact write it.`,
      { extensions: { path } },
    );
  }
}

export class PathAbsentError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'path-absent';
  readonly title = 'A file to delete, move or patch is not there';

  constructor(path: string) {
    super(`The parent version has no file at ${path}.`);
  }
}

export class PathExistsError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'path-exists';
  readonly title = 'A file is moved onto another';

  constructor(path: string) {
    super(`The parent version has a file at ${path}: delete it in an earlier commit, or put.`);
  }
}

export class PathConflictError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'path-conflict';
  readonly title = 'A path would be a file and a folder';

  constructor(file: string, below: string) {
    super(`${file} would be a file, and the folder that ${below} lies in.`);
  }
}

export class ParentNotHeadError extends AppError {
  readonly kind = 'precondition';
  readonly code = 'parent-not-head';
  readonly title = 'The branch has moved on';

  constructor(branch: string, head: number | null) {
    super(
      head === null
        ? `The branch ${branch} has no version yet: leave parent out.`
        : `The head of ${branch} is version ${head}. Read it, and commit on top of it.`,
    );
  }
}

export class VersionDeletedError extends AppError {
  readonly kind = 'gone';
  readonly code = 'version-deleted';
  readonly title = 'The version was deleted';

  constructor(versionNumber: number) {
    super(`Version ${versionNumber} was deleted and can't be read any more.`);
  }
}

export class RefNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'ref-not-found';
  readonly title = 'There is no such branch or tag';

  constructor(name: string) {
    super(`The dataset has no branch and no tag ${name}.`);
  }
}

export class TagImmutableError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'tag-immutable';
  readonly title = 'A tag does not move';

  constructor(name: string) {
    super(
      `${name} is taken: a tag does not move, and no branch becomes a tag. Choose another name.`,
    );
  }
}

export class DefaultBranchError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'default-branch';
  readonly title = 'The branch main stays';

  constructor() {
    super('main is what latest reads: move it instead.');
  }
}

/** A file that both sides of a merge have changed, each in its own way. Contents are `sha256:<hex>`. */
export interface MergeConflict {
  path: string;
  /** `null`, here and below: there is no such file. */
  base: string | null;
  ours: string | null;
  theirs: string | null;
  /** Whether the contents differ, or only what is said of them. */
  differsIn: 'content' | 'description';
}

export class MergeConflictError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'merge-conflict';
  readonly title = 'Both sides have changed the same files';

  constructor(conflicts: readonly MergeConflict[]) {
    super(
      `Changed on both sides: ${conflicts.length} in all. Choose a strategy, or commit what they are to be.`,
      {
        extensions: {
          conflicts: conflicts.slice(0, MAX_TOLD),
          conflictCount: conflicts.length,
        },
      },
    );
  }
}

const MAX_TOLD = 1000;
