import type { Api } from './api.js';
import { datasetsApi } from './datasets.js';

export interface RowsPage {
  columns: { name: string; type: string }[];
  items: {
    rowIndex: number;
    path?: string;
    row: Record<string, unknown>;
    truncatedCells: string[];
  }[];
  nextCursor: string | null;
  rowCount: { value: number; kind: string } | null;
}

export interface QueryAnswer {
  columns: { name: string; type: string }[];
  rows: Record<string, unknown>[];
  rowCount: { value: number; kind: string };
  truncatedBy: string | null;
}

/** What tests do with the tables of a dataset, through HTTP alone. Waits for what takes long. */
export function tablesApi(api: Api) {
  const datasets = datasetsApi(api);
  const headers = { Prefer: 'wait=60' };
  return {
    /** A dataset with these files. */
    dataset: async (files: Record<string, Uint8Array | string>): Promise<string> => {
      const put = [];
      for (const [path, content] of Object.entries(files)) {
        const fileName = path.split('/').at(-1) ?? path;
        put.push({ path, fileId: await datasets.upload(content, fileName) });
      }
      return (await datasets.create({ name: `Tables ${Math.random()}`, files: put })).id;
    },
    get: async (
      dataset: string,
      what: string,
      query: Record<string, string>,
      ref = 'latest',
    ): Promise<Response> => {
      const parameters = new URLSearchParams(query);
      return await api.fetch(
        `/v1/datasets/${dataset}/versions/${ref}/${what}?${parameters.toString()}`,
        {
          headers,
        },
      );
    },
    rows: async (dataset: string, query: Record<string, string>, ref = 'latest') =>
      await api.json<RowsPage>(
        200,
        `/v1/datasets/${dataset}/versions/${ref}/rows?${new URLSearchParams(query).toString()}`,
        { headers },
      ),
    query: async (dataset: string, sql: string, more: object = {}): Promise<Response> =>
      await api.fetch('/v1/query', {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify({ datasetId: dataset, sql, ...more }),
      }),
  };
}
