import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DatasetsModule } from '../../datasets/index.js';
import { StorageModule } from '../../storage/index.js';
import { LineageInput } from './entities/lineage-input.entity.js';
import { LineageOutput } from './entities/lineage-output.entity.js';
import { LineageRun } from './entities/lineage-run.entity.js';
import { LineageKeeper } from './lineage-keeper.service.js';
import { LineageNodes } from './lineage-nodes.service.js';
import { LineageController } from './lineage.controller.js';
import { LineageService } from './lineage.service.js';
import { RunsMadeRepository } from './runs-made.repository.js';

/** What came of what: docs/lineage.md. */
@Module({
  imports: [
    DatasetsModule,
    StorageModule,
    TypeOrmModule.forFeature([LineageInput, LineageOutput, LineageRun]),
  ],
  controllers: [LineageController],
  providers: [LineageKeeper, LineageNodes, LineageService, RunsMadeRepository],
  exports: [RunsMadeRepository],
})
export class LineageModule {}
