import { Module } from '@nestjs/common';
import { KindsModule } from '../kinds/kinds.module.js';
import { SamplingJob } from './sampling.job.js';

/** The kind of jobs `sampling`. */
@Module({ imports: [KindsModule], providers: [SamplingJob] })
export class SamplingModule {}
