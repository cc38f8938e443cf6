import type { DatasetId, PrincipalId } from './ids.js';
import type { DatasetRole, Principal } from './principal.contract.js';

export const SEARCH_SERVICE = Symbol('ISearchService');

/** What is looked for. Every filter that is given must hold. */
export interface SearchRequest {
  /** Words, of which all must be found; the last may be the beginning of one. */
  text?: string;
  /** Tags that a dataset must all have, in any spelling of each. */
  tags?: readonly string[];
  /** File types that must all be among the files of the head of `main`. */
  fileTypes?: readonly string[];
  ownerId?: PrincipalId;
  visibility?: 'private' | 'public';
  /** `nextCursor` of the page before, of the same request. */
  cursor?: string;
  /** Datasets of a page: 1 to 1000. */
  limit: number;
}

export type SearchField = 'name' | 'tags' | 'description' | 'metadata' | 'paths';

/** Where a dataset has what was looked for. */
export interface SearchHighlight {
  field: SearchField;
  /**
   * The text around the match, safe to be put into HTML: escaped, but for the `<em>` around what
   * matched; `…` where it was cut.
   */
  snippet: string;
}

/** A dataset as it is now, and why it was found. */
export interface FoundDataset {
  id: DatasetId;
  slug: string;
  name: string;
  description: string;
  tags: string[];
  metadata: Record<string, unknown>;
  visibility: 'private' | 'public';
  ownerId: PrincipalId;
  role: DatasetRole;
  latestVersion: number | null;
  createdAt: Date;
  updatedAt: Date;
  /** Higher is better, comparable within one request only; 0 without words. */
  score: number;
  /** The best fields first; none without words. */
  highlights: SearchHighlight[];
}

/** How many datasets have a value. */
export interface SearchFacet {
  value: string;
  count: number;
}

export interface SearchResult {
  /** The best first, and of equals the newest. */
  items: FoundDataset[];
  /** `atLeast`: there are more than the newest 10,000, which alone are ranked, counted and paged. */
  total: { value: number; relation: 'exact' | 'atLeast' };
  /** Whether nothing has the words themselves, and these have words that look like them. */
  similar: boolean;
  /** Of all that `total` counts, not of the page alone; the 50 most frequent values of each. */
  facets: { tags: SearchFacet[]; fileTypes: SearchFacet[] };
  nextCursor: string | null;
}

/** Finds datasets by what people say of them and by their files. */
export interface ISearchService {
  /**
   * Looks at name, tags, description, values of the metadata and paths of the head of `main`, in
   * any language, upper or lower case, with or without accents. What the caller may not read is in
   * no part of the result. Writes committed before the call are found: it waits for their indexing
   * up to 2 s; in the seconds after a bulk import of thousands it may go on without the last of them.
   * Later pages leave out datasets created since the first.
   * @throws ValidationFailedError for a tag that no dataset can have
   * @throws CursorMismatchError for a cursor of another request
   */
  search(caller: Principal, request: SearchRequest): Promise<SearchResult>;
}
