import { Module } from '@nestjs/common';
import { DatasetsModule } from '../../datasets/index.js';
import { StorageModule } from '../../storage/index.js';
import { PublishingController } from './publishing.controller.js';
import { PublishingService } from './publishing.service.js';

/** Datasets and versions of what jobs have made. */
@Module({
  imports: [DatasetsModule, StorageModule],
  controllers: [PublishingController],
  providers: [PublishingService],
})
export class PublishingModule {}
