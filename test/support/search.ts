import type { TestApp } from './app.js';
import type { Dataset } from './datasets.js';

export interface Found extends Dataset {
  name: string;
  score: number;
  highlights: { field: string; snippet: string }[];
}

export interface SearchAnswer {
  items: Found[];
  total: { value: number; relation: string };
  similar: boolean;
  facets: Record<'tags' | 'fileTypes', { value: string; count: number }[]>;
  nextCursor: string | null;
}

type Parameters = Record<string, string | readonly string[] | undefined>;

const pathOf = (parameters: Parameters): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value ?? []].flat()) query.append(name, one);
  }
  return `/v1/search?${query.toString()}`;
};

/** What tests do with a search, through HTTP alone. */
export function searchApi(app: Pick<TestApp, 'fetch' | 'json'>) {
  const search = (parameters: Parameters): Promise<SearchAnswer> =>
    app.json(200, pathOf(parameters));
  return {
    search,
    fetch: (parameters: Parameters) => app.fetch(pathOf(parameters)),
    /** Names of what is found on the first page. */
    names: async (parameters: Parameters): Promise<string[]> =>
      (await search(parameters)).items.map(({ name }) => name),
    /** Every page, one after the other. */
    all: async (parameters: Parameters, between = async () => {}): Promise<Found[]> => {
      const found: Found[] = [];
      for (let cursor: string | null = null; ;) {
        const page: SearchAnswer = await search(cursor ? { ...parameters, cursor } : parameters);
        found.push(...page.items);
        cursor = page.nextCursor;
        if (cursor === null) return found;
        await between();
      }
    },
  };
}
