import { Module } from '@nestjs/common';
import { DatasetsModule } from '../../datasets/index.js';
import { TabularModule } from '../../tabular/index.js';
import { KindsModule } from '../kinds/kinds.module.js';
import { ConcatenateJob } from './concatenate.job.js';
import { ConvertJob } from './convert.job.js';
import { SplitJob } from './split.job.js';
import { SqlJob } from './sql.job.js';

/** Jobs that make other files of tables. */
@Module({
  imports: [DatasetsModule, KindsModule, TabularModule],
  providers: [ConcatenateJob, ConvertJob, SplitJob, SqlJob],
})
export class ConvertModule {}
