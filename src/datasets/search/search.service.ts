import { Inject, Injectable } from '@nestjs/common';
import {
  DATASET_REPOSITORY,
  type IDatasetRepository,
} from '../../core/contracts/dataset-repository.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type {
  FoundDataset,
  ISearchService,
  SearchRequest,
  SearchResult,
} from '../../core/contracts/search.contract.js';
import { decodeCursor, encodeCursor, pageOf } from '../../core/http/cursor.js';
import { isUuid } from '../slugs.js';
import { parseTag } from '../tags/parse-tag.js';
import { editDistance } from './edit-distance.js';
import { highlightsOf } from './highlights.js';
import { SearchIndexer } from './search-indexer.service.js';
import { termsOf, toTsquery, type Term } from './search-terms.js';
import {
  MAX_RANKED,
  SearchRepository,
  type Hit,
  type Hits,
  type SearchFilter,
} from './search.repository.js';

/** Where a page ended, and what the first page has settled for those that follow. */
interface Key extends Hit {
  newest: string;
  /** Of each term, when the words themselves found nothing. */
  similar: string[][] | null;
}

interface Wanted {
  filter: SearchFilter;
  terms: readonly Term[] | null;
  /** What the first page has found by; `undefined`: this is the first. */
  similar: string[][] | null | undefined;
}

const NOTHING: SearchResult = {
  items: [],
  total: { value: 0, relation: 'exact' },
  similar: false,
  facets: { tags: [], fileTypes: [] },
  nextCursor: null,
};
/** Shorter words look like too many others. */
const MIN_SIMILAR = 4;
/** Of one word; they must also fit into a cursor. */
const MAX_SIMILAR = 3;

@Injectable()
export class SearchService implements ISearchService {
  constructor(
    private readonly indexer: SearchIndexer,
    private readonly index: SearchRepository,
    @Inject(DATASET_REPOSITORY) private readonly datasets: IDatasetRepository,
  ) {}

  async search(caller: Principal, request: SearchRequest): Promise<SearchResult> {
    const { cursor, limit, ...given } = request;
    const key = decodeCursor(cursor, 'search', given, isKey);
    const filter = filterOf(given, key);
    const terms = given.text === undefined ? null : termsOf(given.text);
    if (terms?.length === 0) return NOTHING;
    if (!key) await this.indexer.catchUp();
    const page = { after: key && { id: key.id, score: key.score }, limit: limit + 1 };
    const found = await this.find(caller, { filter, terms, similar: key?.similar }, page);
    const { hits, similar } = found;
    const newest = key?.newest ?? hits.newest ?? '';
    const { items, nextCursor } = pageOf(hits.page, limit, ({ id, score }) =>
      encodeCursor({ id, score, newest, similar }, 'search', given),
    );
    return {
      items: await this.describe(caller, items, found.terms),
      total: { value: hits.total, relation: hits.total < MAX_RANKED ? 'exact' : 'atLeast' },
      similar: similar !== null && hits.total > 0,
      facets: { tags: hits.tags, fileTypes: hits.fileTypes },
      nextCursor,
    };
  }

  /** By the words themselves, else by words like them; a later page goes on as the first has begun. */
  private async find(
    caller: Principal,
    { filter, terms, similar }: Wanted,
    page: Parameters<SearchRepository['find']>[2],
  ): Promise<{ hits: Hits; terms: readonly Term[]; similar: string[][] | null }> {
    if (!terms)
      return { hits: await this.index.find(caller, filter, page), terms: [], similar: null };
    const findBy = async (words: string[][] | null) => {
      const wanted = withSimilar(terms, words);
      const query = toTsquery(wanted);
      const hits = await this.index.find(caller, { ...filter, query }, page);
      return { hits, terms: wanted, similar: words };
    };
    const found = await findBy(similar ?? null);
    if (found.hits.total > 0 || similar !== undefined) return found;
    const words = await this.similarTo(terms);
    return words ? await findBy(words) : found;
  }

  /** Words like those of each term, or `null` when there are none at all. */
  private async similarTo(terms: readonly Term[]): Promise<string[][] | null> {
    const words = terms.flatMap((term) => term.words.filter((word) => word.length >= MIN_SIMILAR));
    const lookalikes = await this.index.lookalikes(words);
    const similar = terms.map(({ words: [word = '', ...more] }) =>
      // A term of several words is one text of a script without spaces.
      more.length > 0 ? [] : nearest(word, lookalikes.get(word) ?? []),
    );
    return similar.some((some) => some.length > 0) ? similar : null;
  }

  private async describe(
    caller: Principal,
    hits: readonly Hit[],
    terms: readonly Term[],
  ): Promise<FoundDataset[]> {
    const ids = hits.map(({ id }) => id);
    const datasets = new Map(
      (await this.datasets.findAll(caller, { ids, slugs: [] })).map((dataset) => [
        dataset.id,
        dataset,
      ]),
    );
    const texts = terms.flatMap(({ words, pairs, similar }) => [...words, ...pairs, ...similar]);
    const paths = texts.length > 0 ? await this.index.pathsWith(ids, texts) : new Map();
    return hits.flatMap(({ id, score }) => {
      // Hidden or deleted since it was found.
      const dataset = datasets.get(id);
      if (!dataset) return [];
      const source = { ...dataset, paths: (paths.get(id) as string[] | undefined) ?? [] };
      return { ...dataset, score, highlights: highlightsOf(source, terms) };
    });
  }
}

function filterOf(
  { tags = [], fileTypes = [], ownerId, visibility }: Omit<SearchRequest, 'limit'>,
  key: Key | null,
): SearchFilter {
  return {
    query: null,
    tags: tags.map((tag) => parseTag(tag, '/tag')),
    fileTypes,
    ownerId: ownerId ?? null,
    visibility: visibility ?? null,
    newest: key?.newest ?? null,
  };
}

/** Those that a slip of the finger makes of the word: one, or two where it is long. */
function nearest(word: string, lookalikes: readonly string[]): string[] {
  const most = word.length < 6 ? 1 : 2;
  return lookalikes
    .map((lookalike) => ({ lookalike, distance: editDistance(word, lookalike) }))
    .filter(({ distance }) => distance <= most)
    .sort((one, other) => one.distance - other.distance)
    .slice(0, MAX_SIMILAR)
    .map(({ lookalike }) => lookalike);
}

const withSimilar = (terms: readonly Term[], similar: string[][] | null): readonly Term[] =>
  similar ? terms.map((term, index) => ({ ...term, similar: similar[index] ?? [] })) : terms;

function isKey(key: unknown): key is Key {
  const { id, score, newest, similar } = (key ?? {}) as Partial<Key>;
  const areIds = [id, newest].every((value) => typeof value === 'string' && isUuid(value));
  return areIds && typeof score === 'number' && (similar === null || areWords(similar));
}

/** A cursor can be forged: nothing of a query's syntax may come in by it. */
const areWords = (similar: unknown): boolean =>
  Array.isArray(similar) &&
  similar.every(
    (words: unknown) =>
      Array.isArray(words) &&
      words.every((word) => typeof word === 'string' && /^[\p{L}\p{M}]+$/u.test(word)),
  );
