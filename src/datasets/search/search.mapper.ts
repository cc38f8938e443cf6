import type { SearchResult } from '../../core/contracts/search.contract.js';
import { toDatasetDto } from '../datasets.mapper.js';
import type { SearchResultDto } from './dto/search-result.dto.js';

export const toSearchResultDto = (result: SearchResult): SearchResultDto => ({
  items: result.items.map((found) => {
    const { score, highlights } = found;
    return Object.assign(toDatasetDto(found), { score, highlights });
  }),
  total: result.total,
  similar: result.similar,
  facets: result.facets,
  nextCursor: result.nextCursor,
});
