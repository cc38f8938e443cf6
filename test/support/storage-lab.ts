import { Readable } from 'node:stream';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import { loadEnv } from '../../src/core/config/load-env.js';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
} from '../../src/core/contracts/artifact-producer.contract.js';
import {
  FILE_REFERENCES,
  type IFileReferences,
} from '../../src/core/contracts/file-references.contract.js';
import type { FileId } from '../../src/core/contracts/ids.js';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../src/core/contracts/storage-backend.contract.js';
import { UnitOfWork } from '../../src/core/database/index.js';
import { CheckedStorageBackend } from '../../src/storage/backends/checked.storage-backend.js';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import { TEST_KEY } from './app.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export const OWNER = { type: 'hold', id: 'the-owner' } as const;

/** The storage module on a backend of the test's choice, without HTTP. */
export interface StorageLab {
  database: TestDatabase;
  producer: IArtifactProducer;
  unitOfWork: UnitOfWork;
  collector: GarbageCollector;
  get<T>(token: unknown): T;
  create(content: Uint8Array | string): Promise<FileId>;
  /** Gives up every hold of the owner. */
  release(id: FileId): Promise<void>;
  close(): Promise<void>;
}

export async function createStorageLab(
  backend: IStorageBackend,
  settings: Record<string, string> = {},
  givenDatabase?: TestDatabase,
): Promise<StorageLab> {
  const database = givenDatabase ?? (await createTestDatabase());
  const env = loadEnv(
    {
      LOG_LEVEL: 'silent',
      STRATUM_BOOTSTRAP_KEY: TEST_KEY,
      GC_INTERVAL_SECONDS: '0',
      GC_GRACE_SECONDS: '0',
      GC_RETAIN_SECONDS: '0',
      STORAGE_RESERVE_BYTES: '0',
      ...settings,
    },
    null,
  );
  const checked = new CheckedStorageBackend(backend);
  await checked.init();
  const app = await Test.createTestingModule({ imports: [AppModule.with(env, database)] })
    .overrideProvider(STORAGE_BACKEND)
    .useValue(checked)
    .compile();
  app.useLogger(false);
  await app.init();
  const get = <T>(token: unknown): T => app.get(token as never, { strict: false });
  const producer = get<IArtifactProducer>(ARTIFACT_PRODUCER);
  const references = get<IFileReferences>(FILE_REFERENCES);
  const unitOfWork = get<UnitOfWork>(UnitOfWork);
  return {
    database,
    producer,
    unitOfWork,
    collector: get(GarbageCollector),
    get,
    create: (content) =>
      producer.createArtifact(Readable.from([Buffer.from(content as Uint8Array)]), {
        fileType: 'binary',
        owner: OWNER,
      }),
    release: (id) => unitOfWork.run(async (tx) => void (await references.release(tx, id, OWNER))),
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}
