import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/index.js';
import { TabularModule } from '../../tabular/index.js';
import { JobTables } from '../kinds/job-tables.service.js';
import { ProfileJob } from './profile.job.js';

/** Jobs that say what is in a table. */
@Module({ imports: [StorageModule, TabularModule], providers: [JobTables, ProfileJob] })
export class ProfileModule {}
