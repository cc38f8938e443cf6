/** What tests do with a running service, in-process or not, through HTTP alone. */
export interface Api {
  url: string;
  key: string;
  /** `fetch` on a path of the service, with the admin key unless the headers say otherwise. */
  fetch(path: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>;
  /** The JSON of an answer that must have this status. */
  json<T = Record<string, unknown>>(
    status: number,
    path: string,
    init?: RequestInit & { duplex?: 'half' },
  ): Promise<T>;
  /** Uploads as a form: one part, fields beside it. */
  upload(content: Uint8Array | string, options?: UploadOptions): Promise<Response>;
}

export interface UploadOptions {
  fileName?: string;
  fields?: Record<string, string>;
  headers?: Record<string, string>;
}

export function createApi(url: string, key: string): Api {
  const api: Api = {
    url,
    key,
    fetch: (path, init = {}) =>
      fetch(new URL(path, url), {
        ...init,
        headers: { Authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) },
      }),
    json: async (status, path, init) => {
      const response = await api.fetch(path, init);
      const text = await response.text();
      if (response.status !== status) {
        throw new Error(`${path}: expected ${status}, got ${response.status}: ${text}`);
      }
      return JSON.parse(text);
    },
    upload: (content, { fileName = 'data.bin', fields = {}, headers = {} } = {}) => {
      const form = new FormData();
      form.append('file', new Blob([content as Uint8Array<ArrayBuffer> | string]), fileName);
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      return api.fetch('/v1/files', { method: 'POST', body: form, headers });
    },
  };
  return api;
}
