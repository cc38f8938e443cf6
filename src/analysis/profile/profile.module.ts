import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/index.js';
import { TabularModule } from '../../tabular/index.js';
import { KindsModule } from '../kinds/kinds.module.js';
import { ProfileJob } from './profile.job.js';

/** Jobs that say what is in a table. */
@Module({ imports: [KindsModule, StorageModule, TabularModule], providers: [ProfileJob] })
export class ProfileModule {}
