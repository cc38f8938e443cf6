import type { Api } from './api.js';

export interface Dataset {
  id: string;
  slug: string;
  latestVersion: number | null;
  [field: string]: unknown;
}

export interface Version {
  id: string;
  versionNumber: number;
  parentId: string | null;
  fileCount: number;
  totalBytes: number;
  overlayFileId: number;
  [field: string]: unknown;
}

export interface VersionFile {
  path: string;
  kind: 'file' | 'folder';
  fileId: number | null;
  [field: string]: unknown;
}

/** What tests do with datasets, through HTTP alone. */
export function datasetsApi(api: Api) {
  const json = (method: string, path: string, body: unknown, headers = {}) =>
    api.fetch(path, {
      method,
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  const expected = async <T>(response: Response, status: number): Promise<T> => {
    const text = await response.text();
    if (response.status !== status) throw new Error(`${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    json,
    upload: async (content: Uint8Array | string, fileName = 'data.csv'): Promise<number> =>
      (await expected<{ id: number }>(await api.upload(content, { fileName }), 201)).id,
    create: async (body: object): Promise<Dataset> =>
      await expected(await json('POST', '/v1/datasets', body), 201),
    tryCommit: (dataset: string, body: object, headers = {}) =>
      json('POST', `/v1/datasets/${dataset}/versions`, { message: 'a commit', ...body }, headers),
    commit: async (dataset: string, changes: object[], more = {}): Promise<Version> =>
      await expected(
        await json('POST', `/v1/datasets/${dataset}/versions`, {
          message: 'a commit',
          changes,
          ...more,
        }),
        201,
      ),
    files: async (dataset: string, ref: string | number, query = ''): Promise<VersionFile[]> => {
      const all: VersionFile[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: { items: VersionFile[]; nextCursor: string | null } = await api.json(
          200,
          `/v1/datasets/${dataset}/versions/${ref}/files?${query}${cursor && `&cursor=${cursor}`}`,
        );
        all.push(...page.items);
        cursor = page.nextCursor;
      }
      return all;
    },
    content: (dataset: string, ref: string | number, path: string) =>
      api.fetch(
        `/v1/datasets/${dataset}/versions/${ref}/content/${path.split('/').map(encodeURIComponent).join('/')}`,
      ),
  };
}

/** The changes of a commit. */
export const put = (path: string, fileId: number, more = {}) => ({
  op: 'put',
  path,
  fileId,
  ...more,
});
export const move = (from: string, path: string) => ({ op: 'move', from, path });
export const remove = (path: string) => ({ op: 'delete', path });
