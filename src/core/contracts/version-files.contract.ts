import type { JobSource, PinnedSource } from './jobs.contract.js';
import type { Principal } from './principal.contract.js';

export const VERSION_FILES = Symbol('IVersionFiles');

/** Finds what a caller names by dataset, ref and path, for slices that read contents. */
export interface IVersionFiles {
  /**
   * @throws DatasetNotFoundError, VersionNotFoundError, VersionDeletedError, PathNotFoundError: what the
   *   caller may not read is not there
   */
  pin(caller: Principal, source: JobSource): Promise<PinnedSource>;
}
