import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DatasetsModule } from '../../datasets/index.js';
import { DatasetGrant } from '../entities/dataset-grant.entity.js';
import { GrantsController } from './grants.controller.js';
import { GrantsRepository } from './grants.repository.js';
import { GrantsService } from './grants.service.js';

/** Who may do what with which dataset. */
@Module({
  imports: [DatasetsModule, TypeOrmModule.forFeature([DatasetGrant])],
  controllers: [GrantsController],
  providers: [GrantsRepository, GrantsService],
})
export class GrantsModule {}
