import { Module } from '@nestjs/common';
import { DiffModule } from './diff/diff.module.js';
import { JobsModule } from './jobs/jobs.module.js';

/** Jobs, and what is made of datasets by them. */
@Module({ imports: [DiffModule, JobsModule], exports: [JobsModule] })
export class AnalysisModule {}
