import { Module } from '@nestjs/common';
import { DatasetsModule } from '../../datasets/index.js';
import { StorageModule } from '../../storage/index.js';
import { TabularModule } from '../../tabular/index.js';
import { JobTables } from '../kinds/job-tables.service.js';
import { ConcatenateJob } from './concatenate.job.js';
import { ConvertJob } from './convert.job.js';
import { SplitJob } from './split.job.js';
import { SqlJob } from './sql.job.js';

/** Jobs that make other files of tables. */
@Module({
  imports: [DatasetsModule, StorageModule, TabularModule],
  providers: [ConcatenateJob, ConvertJob, JobTables, SplitJob, SqlJob],
})
export class ConvertModule {}
