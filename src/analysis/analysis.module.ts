import { Module } from '@nestjs/common';
import { JobsModule } from './jobs/jobs.module.js';

/** Jobs, and what is made of datasets by them. */
@Module({ imports: [JobsModule], exports: [JobsModule] })
export class AnalysisModule {}
