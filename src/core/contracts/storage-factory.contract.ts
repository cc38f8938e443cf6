import type { IStorageBackend } from './storage-backend.contract.js';

export const STORAGE_FACTORY = Symbol('IStorageFactory');

/** Makes backends by the name that the configuration gives. */
export interface IStorageFactory {
  /** Names that `createBackend` takes. */
  readonly types: readonly string[];
  /**
   * An initialised backend, ready for use; the factory destroys it when the application stops.
   * @throws UnknownStorageTypeError for a name that no backend has
   * @throws InvalidStorageConfigError when the backend refuses its configuration
   */
  createBackend(type: string, config: Readonly<Record<string, unknown>>): Promise<IStorageBackend>;
}
