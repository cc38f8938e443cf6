import { join } from 'node:path';
import { z } from 'zod';
import type { IStorageBackend } from '../../core/contracts/storage-backend.contract.js';
import type { Env } from '../../core/config/config.js';
import { UnknownStorageTypeError } from '../../core/errors/index.js';
import { CheckedStorageBackend } from './checked.storage-backend.js';
import { contractError } from './contract-error.js';
import type { Stranger } from './stranger.js';

export interface StorageBackendType {
  /** Checks the configuration and makes the backend; the SDK of a cloud is loaded only here. */
  create(config: unknown): Promise<IStorageBackend>;
  /** Its configuration, from the settings of the process. */
  configOf(env: Env): Record<string, unknown>;
  /** For checks: what lies there and is no object. Where nothing else can, this is left out. */
  strangers?(config: unknown): Promise<AsyncIterable<Stranger>>;
}

const localConfig = z.strictObject({ root: z.string().min(1) });

/** Every backend by the name that STORAGE_BACKEND takes. A new one is one entry here. */
export const STORAGE_BACKENDS: Readonly<Record<string, StorageBackendType>> = {
  local: {
    configOf: (env) => ({ root: join(env.STRATUM_DATA_DIR, 'storage') }),
    create: async (config) => {
      const { LocalStorageBackend } = await import('./local/local.storage-backend.js');
      return new LocalStorageBackend(localConfig.parse(config));
    },
    strangers: async (config) => {
      const { strangersOn } = await import('./local/strangers.js');
      return strangersOn(localConfig.parse(config));
    },
  },
  memory: {
    configOf: () => ({}),
    create: async (config) => {
      z.strictObject({}).parse(config);
      const { MemoryStorageBackend } = await import('./memory/memory.storage-backend.js');
      return new MemoryStorageBackend();
    },
  },
};

const typeOf = ({ STORAGE_BACKEND: name }: Env): StorageBackendType | undefined =>
  Object.hasOwn(STORAGE_BACKENDS, name) ? STORAGE_BACKENDS[name] : undefined;

/** The configuration of the backend that STORAGE_BACKEND names; an unknown name is the factory's to refuse. */
export const backendConfigOf = (env: Env): Record<string, unknown> =>
  typeOf(env)?.configOf(env) ?? {};

/** The backend that STORAGE_BACKEND names, to read from: `init`, which writes, is left out. */
export async function openToRead(env: Env): Promise<IStorageBackend> {
  const type = typeOf(env);
  if (!type) throw new UnknownStorageTypeError(env.STORAGE_BACKEND, Object.keys(STORAGE_BACKENDS));
  return new CheckedStorageBackend(await type.create(backendConfigOf(env)));
}

/** What lies in the store that STORAGE_BACKEND names and is no object of it. @throws as its backend */
export async function* strangersOf(env: Env): AsyncIterable<Stranger> {
  try {
    yield* (await typeOf(env)?.strangers?.(backendConfigOf(env))) ?? [];
  } catch (error) {
    throw contractError('strangers', error);
  }
}
