import { Module } from '@nestjs/common';
import { JobsModule } from './jobs/jobs.module.js';
import { PublishingModule } from './publishing/publishing.module.js';

/** Jobs, and what is made of datasets by them. */
@Module({ imports: [JobsModule, PublishingModule], exports: [JobsModule] })
export class AnalysisModule {}
