import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/index.js';
import { Engine } from './engine/engine.service.js';
import { LocalContents } from './sources/local-contents.service.js';

/** Tables: rows, schema, statistics, SQL and export of the files of any version. */
@Module({
  imports: [StorageModule],
  providers: [Engine, LocalContents],
})
export class TabularModule {}
