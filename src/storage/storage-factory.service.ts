import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import type { IStorageBackend } from '../core/contracts/storage-backend.contract.js';
import type { IStorageFactory } from '../core/contracts/storage-factory.contract.js';
import { InvalidStorageConfigError, UnknownStorageTypeError } from '../core/errors/index.js';
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
    try {
      const backend = new CheckedStorageBackend(await entry.create(config));
      await backend.init();
      this.created.push(backend);
      return backend;
    } catch (error) {
      const faults = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
      throw new InvalidStorageConfigError(`The backend ${type}: ${faults}`, { cause: error });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    for (const backend of this.created.splice(0)) await backend.destroy();
  }
}
