import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { SEARCH_SERVICE, type ISearchService } from '../../core/contracts/search.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { SearchQuery } from './dto/search.query.js';
import { SearchResultDto } from './dto/search-result.dto.js';
import { toSearchResultDto } from './search.mapper.js';

@ApiTags('search')
@Controller('search')
export class SearchController {
  constructor(@Inject(SEARCH_SERVICE) private readonly searches: ISearchService) {}

  /**
   * Search datasets.
   *
   * @remarks Looks at name, tags, description, values of the metadata, and the first 10,000 paths of
   * the head of `main`, in any language; capitals and accents make no difference. All words must be
   * found, each in any of these; the last may be the beginning of one, so that results can be shown
   * while somebody types. When nothing has the words, those are shown that have words like them.
   * Without `q` it lists what the filters leave, the newest first; without either, everything.
   * What the caller may not read is in no result, count or facet.
   *
   * Ranked, counted and paged are the newest 10,000 that match: of more, `total` says `atLeast`.
   * Later pages leave out datasets that were created since the first.
   */
  @Get()
  @RequirePermission('datasets:read')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async search(@Caller() caller: Principal, @Query() query: SearchQuery): Promise<SearchResultDto> {
    const { q, tag: tags, fileType: fileTypes, owner: ownerId, ...rest } = query;
    // An empty search box is no search for nothing.
    const text = q?.trim() === '' ? undefined : q;
    const request = { text, tags, fileTypes, ownerId, ...rest };
    return toSearchResultDto(await this.searches.search(caller, request));
  }
}
