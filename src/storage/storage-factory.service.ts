import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import type { IStorageBackend } from '../core/contracts/storage-backend.contract.js';
import type { IStorageFactory } from '../core/contracts/storage-factory.contract.js';
import {
  AppError,
  InvalidStorageConfigError,
  UnknownStorageTypeError,
} from '../core/errors/index.js';
import { CheckedStorageBackend } from './backends/checked.storage-backend.js';
import { STORAGE_BACKENDS } from './backends/storage-backends.js';

@Injectable()
export class StorageFactory implements IStorageFactory, OnApplicationShutdown {
  readonly types = Object.keys(STORAGE_BACKENDS);
  private readonly created: IStorageBackend[] = [];

  async createBackend(
    type: string,
    config: Readonly<Record<string, unknown>>,
  ): Promise<IStorageBackend> {
    const entry = Object.hasOwn(STORAGE_BACKENDS, type) ? STORAGE_BACKENDS[type] : undefined;
    if (!entry) throw new UnknownStorageTypeError(type, this.types);
    let backend: IStorageBackend | undefined;
    try {
      backend = new CheckedStorageBackend(await entry.create(config));
      await backend.init();
      this.created.push(backend);
      return backend;
    } catch (error) {
      // What it has opened so far; that it could not start is the failure to tell.
      await backend?.destroy().catch(() => undefined);
      throw new InvalidStorageConfigError(`The backend ${type}: ${faultsOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Every backend is destroyed, also when one of them fails to. */
  async onApplicationShutdown(): Promise<void> {
    const ended = await Promise.allSettled(
      this.created.splice(0).map((backend) => backend.destroy()),
    );
    const failed = ended.filter((result) => result.status === 'rejected');
    if (failed.length > 0) {
      throw new AggregateError(
        failed.map(({ reason }) => reason as unknown),
        'A storage backend could not be given up.',
      );
    }
  }
}

/** In the backend's own words: whoever starts the service has to mend it. */
function faultsOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  const own = error instanceof AppError ? (error.cause ?? error) : error;
  return (own as Partial<Error> | null)?.message ?? String(own);
}
