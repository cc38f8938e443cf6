import { Module } from '@nestjs/common';
import { ConvertModule } from './convert/convert.module.js';
import { DiffModule } from './diff/diff.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { ProfileModule } from './profile/profile.module.js';
import { PublishingModule } from './publishing/publishing.module.js';
import { SamplingModule } from './sampling/sampling.module.js';

/** Jobs, and what is made of datasets by them. */
@Module({
  imports: [ConvertModule, DiffModule, JobsModule, ProfileModule, PublishingModule, SamplingModule],
  exports: [JobsModule],
})
export class AnalysisModule {}
