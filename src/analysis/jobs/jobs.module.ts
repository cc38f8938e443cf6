import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JOBS } from '../../core/contracts/jobs.contract.js';
import { DatasetsModule } from '../../datasets/index.js';
import { StorageModule } from '../../storage/index.js';
import { LineageModule } from '../lineage/lineage.module.js';
import { Job } from './entities/job.entity.js';
import { JobEventsController } from './job-events.controller.js';
import { JobEvents } from './job-events.service.js';
import { JobKinds } from './job-kinds.service.js';
import { JobMetrics } from './job-metrics.service.js';
import { JobNews } from './job-news.service.js';
import { JobPublisher } from './job-publisher.service.js';
import { JobQueueRepository } from './job-queue.repository.js';
import { JobRequests } from './job-requests.service.js';
import { JobRunner } from './job-runner.service.js';
import { JobStates } from './job-states.service.js';
import { JobUsesRepository } from './job-uses.repository.js';
import { JobWorker } from './job-worker.service.js';
import { JobsController } from './jobs.controller.js';
import { JobsKeeper } from './jobs-keeper.service.js';
import { JobsRepository } from './jobs.repository.js';
import { JobsService } from './jobs.service.js';
import { RunsRepository } from './runs.repository.js';

/**
 * Work that takes longer than a request. Kinds come from other modules: docs/jobs.md. Global, since the slices
 * that analysis stands on submit jobs too, and can't import it.
 */
@Global()
@Module({
  imports: [
    DatasetsModule,
    DiscoveryModule,
    LineageModule,
    StorageModule,
    TypeOrmModule.forFeature([Job]),
  ],
  controllers: [JobsController, JobEventsController],
  providers: [
    { provide: JOBS, useExisting: JobsService },
    JobEvents,
    JobKinds,
    JobMetrics,
    JobNews,
    JobPublisher,
    JobQueueRepository,
    JobRequests,
    JobRunner,
    JobStates,
    JobUsesRepository,
    JobWorker,
    JobsKeeper,
    JobsRepository,
    JobsService,
    RunsRepository,
  ],
  exports: [JOBS],
})
export class JobsModule {}
