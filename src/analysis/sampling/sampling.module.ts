import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/index.js';
import { TabularModule } from '../../tabular/index.js';
import { SamplingJob } from './sampling.job.js';

/** The kind of jobs `sampling`. */
@Module({ imports: [StorageModule, TabularModule], providers: [SamplingJob] })
export class SamplingModule {}
