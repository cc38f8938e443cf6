import { Module } from '@nestjs/common';
import { DatasetsModule } from '../../datasets/index.js';
import { StorageModule } from '../../storage/index.js';
import { TabularModule } from '../../tabular/index.js';
import { KindsModule } from '../kinds/kinds.module.js';
import { DiffJob } from './diff.job.js';

/** Jobs that compare the rows of two files. */
@Module({
  imports: [DatasetsModule, KindsModule, StorageModule, TabularModule],
  providers: [DiffJob],
})
export class DiffModule {}
