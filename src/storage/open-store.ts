import { existsSync } from 'node:fs';
import type { Env } from '../core/config/config.js';
import type { IStorageBackend } from '../core/contracts/storage-backend.contract.js';
import type { IStorageFactory } from '../core/contracts/storage-factory.contract.js';
import { backendConfigOf, openToRead } from './backends/storage-backends.js';
import { StorageFactory } from './storage-factory.service.js';

/** The backend that the settings name. @throws UnknownStorageTypeError, InvalidStorageConfigError */
export async function createConfigured(
  factory: IStorageFactory,
  env: Env,
): Promise<IStorageBackend> {
  return await factory.createBackend(env.STORAGE_BACKEND, backendConfigOf(env));
}

/** Another process has the bytes in its memory: nothing can be said of them from here. */
export class NoSharedStoreError extends Error {}

/**
 * For commands: the store of the installation, without an application around it.
 * @param readOnly nothing is written, not even to see whether it can be: for stores that can't
 */
export async function withInstalledStore<T>(
  env: Env,
  work: (backend: IStorageBackend) => Promise<T>,
  { readOnly = false } = {},
): Promise<T> {
  if (env.STORAGE_BACKEND === 'memory') {
    throw new NoSharedStoreError('STORAGE_BACKEND is memory: no other process can look into it.');
  }
  if (!existsSync(env.STRATUM_DATA_DIR)) {
    throw new NoSharedStoreError(`There is no installation in ${env.STRATUM_DATA_DIR}.`);
  }
  const backend = readOnly
    ? await openToRead(env)
    : await createConfigured(new StorageFactory(), env);
  try {
    return await work(backend);
  } finally {
    await backend.destroy();
  }
}
