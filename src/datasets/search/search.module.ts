import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SEARCH_SERVICE } from '../../core/contracts/search.contract.js';
import { DatasetsModule } from '../datasets.module.js';
import { DatasetSearch } from './entities/dataset-search.entity.js';
import { SearchMark } from './entities/search-mark.entity.js';
import { SearchWord } from './entities/search-word.entity.js';
import { SearchController } from './search.controller.js';
import { SearchIndexRepository } from './search-index.repository.js';
import { SearchIndexer } from './search-indexer.service.js';
import { SearchRepository } from './search.repository.js';
import { SearchService } from './search.service.js';

/** Finds datasets. It reads what the others write, and nothing depends on it. */
@Module({
  imports: [DatasetsModule, TypeOrmModule.forFeature([DatasetSearch, SearchMark, SearchWord])],
  controllers: [SearchController],
  providers: [
    SearchIndexRepository,
    SearchIndexer,
    SearchRepository,
    { provide: SEARCH_SERVICE, useClass: SearchService },
  ],
  exports: [SEARCH_SERVICE],
})
export class SearchModule {}
