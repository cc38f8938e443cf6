import { Module } from '@nestjs/common';
import { DatasetsModule } from '../../datasets/index.js';
import { StorageModule } from '../../storage/index.js';
import { TabularModule } from '../../tabular/index.js';
import { JobTables } from '../kinds/job-tables.service.js';
import { DiffJob } from './diff.job.js';

/** Jobs that compare the rows of two files. */
@Module({
  imports: [DatasetsModule, StorageModule, TabularModule],
  providers: [DiffJob, JobTables],
})
export class DiffModule {}
