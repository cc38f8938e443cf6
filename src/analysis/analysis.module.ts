import { Module } from '@nestjs/common';
import { JobsModule } from './jobs/jobs.module.js';
import { SamplingModule } from './sampling/sampling.module.js';

/** Jobs, and what is made of datasets by them. */
@Module({ imports: [JobsModule, SamplingModule], exports: [JobsModule] })
export class AnalysisModule {}
