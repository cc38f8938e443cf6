import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ENV } from '../core/config/config.js';
import { ARTIFACT_PRODUCER } from '../core/contracts/artifact-producer.contract.js';
import { FILE_REFERENCES } from '../core/contracts/file-references.contract.js';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../core/contracts/storage-backend.contract.js';
import { STORAGE_FACTORY } from '../core/contracts/storage-factory.contract.js';
import { HealthChecks } from '../core/health/health-checks.js';
import { ContentReader } from './content/content-reader.service.js';
import { FileReference } from './entities/file-reference.entity.js';
import { GcRun } from './entities/gc-run.entity.js';
import { GcState } from './entities/gc-state.entity.js';
import { StorageIntent } from './entities/storage-intent.entity.js';
import { StoredFile } from './entities/stored-file.entity.js';
import { FileChanges } from './files/file-changes.service.js';
import { FilesController } from './files/files.controller.js';
import { FilesRepository } from './files/files.repository.js';
import { FilesService } from './files/files.service.js';
import { FormReceiver } from './files/upload/form-receiver.js';
import { FormUploads } from './files/upload/form-uploads.js';
import { RawReceiver } from './files/upload/raw-receiver.js';
import { UploadGate } from './files/upload/upload-gate.js';
import { UploadSlots } from './files/upload/upload-slots.js';
import { FsckRun } from './fsck/entities/fsck-run.entity.js';
import { FsckRunner } from './fsck/fsck-runner.service.js';
import { FsckRunsRepository } from './fsck/fsck-runs.repository.js';
import { FsckRuns } from './fsck/fsck-runs.service.js';
import { FsckController } from './fsck/fsck.controller.js';
import { Collection } from './gc/collection.service.js';
import { GarbageCollector } from './gc/garbage-collector.service.js';
import { GarbageRepository } from './gc/garbage.repository.js';
import { GcRunsRepository } from './gc/gc-runs.repository.js';
import { GcStateRepository } from './gc/gc-state.repository.js';
import { GcStatus } from './gc/gc-status.service.js';
import { GcController } from './gc/gc.controller.js';
import { RestoreGuard } from './gc/restore-guard.service.js';
import { ArtifactProducer } from './ingest/artifact-producer.service.js';
import { Attempts } from './ingest/attempts.js';
import { IntentsRepository } from './ingest/intents.repository.js';
import { Settlement } from './ingest/settlement.service.js';
import { StorageSpace } from './ingest/storage-space.service.js';
import { StoredFilesRepository } from './ingest/stored-files.repository.js';
import { UploadLeases } from './ingest/upload-leases.js';
import { createConfigured } from './open-store.js';
import { FileReferences } from './references/file-references.service.js';
import { HeldFilesRepository } from './references/held-files.repository.js';
import { ScrubRepository } from './scrub/scrub.repository.js';
import { Scrubber } from './scrub/scrubber.service.js';
import { StorageFactory } from './storage-factory.service.js';
import { Upload } from './uploads/entities/upload.entity.js';
import { TusVersionGuard } from './uploads/tus-version.guard.js';
import { OpenUploadsRepository } from './uploads/open-uploads.repository.js';
import { UploadAdmission } from './uploads/upload-admission.service.js';
import { UploadAppender } from './uploads/upload-appender.service.js';
import { UploadCompletion } from './uploads/upload-completion.service.js';
import { UploadConcatenation } from './uploads/upload-concatenation.service.js';
import { UploadCreation } from './uploads/upload-creation.service.js';
import { UploadLocksRepository } from './uploads/upload-locks.repository.js';
import { UploadLocks } from './uploads/upload-locks.service.js';
import { UploadMoves } from './uploads/upload-moves.service.js';
import { UploadReceiver } from './uploads/upload-receiver.js';
import { UploadSessions } from './uploads/upload-sessions.service.js';
import { UploadSweeper } from './uploads/upload-sweeper.service.js';
import { UploadsController } from './uploads/uploads.controller.js';
import { UploadsRepository } from './uploads/uploads.repository.js';
import { UploadsService } from './uploads/uploads.service.js';

/** Bytes: where they are kept, how they come in, who refers to them, and when they go. */
@Module({
  imports: [
    DiscoveryModule,
    TypeOrmModule.forFeature([
      StoredFile,
      FileReference,
      FsckRun,
      StorageIntent,
      GcRun,
      GcState,
      Upload,
    ]),
  ],
  controllers: [FilesController, FsckController, GcController, UploadsController],
  providers: [
    { provide: STORAGE_FACTORY, useClass: StorageFactory },
    {
      provide: STORAGE_BACKEND,
      inject: [STORAGE_FACTORY, ENV],
      useFactory: createConfigured,
    },
    { provide: ARTIFACT_PRODUCER, useClass: ArtifactProducer },
    { provide: FILE_REFERENCES, useClass: FileReferences },
    Attempts,
    Collection,
    ContentReader,
    FileChanges,
    FilesRepository,
    FilesService,
    FormReceiver,
    FormUploads,
    FsckRunner,
    FsckRuns,
    FsckRunsRepository,
    GarbageCollector,
    GarbageRepository,
    GcRunsRepository,
    GcStateRepository,
    GcStatus,
    HeldFilesRepository,
    OpenUploadsRepository,
    IntentsRepository,
    RawReceiver,
    RestoreGuard,
    ScrubRepository,
    Scrubber,
    Settlement,
    StorageSpace,
    StoredFilesRepository,
    TusVersionGuard,
    UploadAdmission,
    UploadAppender,
    UploadCompletion,
    UploadConcatenation,
    UploadCreation,
    UploadGate,
    UploadLeases,
    UploadLocks,
    UploadLocksRepository,
    UploadMoves,
    UploadReceiver,
    UploadSessions,
    UploadSlots,
    UploadSweeper,
    UploadsRepository,
    UploadsService,
  ],
  exports: [
    STORAGE_BACKEND,
    STORAGE_FACTORY,
    ARTIFACT_PRODUCER,
    FILE_REFERENCES,
    ContentReader,
    FilesService,
    FormUploads,
    GarbageCollector,
  ],
})
export class StorageModule implements OnModuleInit {
  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    private readonly collector: GarbageCollector,
    private readonly health: HealthChecks,
  ) {}

  onModuleInit(): void {
    this.health.add('storage', async () => ({
      backend: this.backend.name,
      freeBytes: await this.backend.freeBytes(),
    }));
    this.health.add('collector', async () => ({ brake: this.collector.brake }));
  }
}
