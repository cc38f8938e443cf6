import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/index.js';
import { TabularModule } from '../../tabular/index.js';
import { JobBench } from './job-bench.service.js';
import { JobTables } from './job-tables.service.js';

/** What kinds of jobs on tables share. */
@Module({
  imports: [StorageModule, TabularModule],
  providers: [JobBench, JobTables],
  exports: [JobBench, JobTables],
})
export class KindsModule {}
