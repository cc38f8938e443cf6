import { createHash } from 'node:crypto';
import type { Api } from './api.js';

export const OFFSET_STREAM = 'application/offset+octet-stream';

/** Requests of tus by hand, to see what a library would hide. */
export interface Tus {
  request(
    method: string,
    path: string,
    headers?: Record<string, string | number>,
    body?: Uint8Array | string,
  ): Promise<Response>;
  /** Begins an upload; its path. */
  create(headers: Record<string, string | number>, body?: Uint8Array | string): Promise<string>;
  head(path: string): Promise<Response>;
  patch(
    path: string,
    offset: number,
    body: Uint8Array | string,
    headers?: Record<string, string | number>,
  ): Promise<Response>;
  /** What is durable of it. */
  offset(path: string): Promise<number>;
}

export function tusOf(api: Pick<Api, 'fetch'>): Tus {
  const tus: Tus = {
    request: (method, path, headers = {}, body) =>
      api.fetch(path, {
        method,
        headers: {
          'Tus-Resumable': '1.0.0',
          ...Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, String(v)])),
        },
        body: body as string | undefined,
      }),
    create: async (headers, body) => {
      const all = body === undefined ? headers : { 'Content-Type': OFFSET_STREAM, ...headers };
      const response = await tus.request('POST', '/v1/uploads', all, body);
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
      return response.headers.get('location') as string;
    },
    head: (path) => tus.request('HEAD', path),
    patch: (path, offset, body, headers = {}) =>
      tus.request(
        'PATCH',
        path,
        { 'Content-Type': OFFSET_STREAM, 'Upload-Offset': offset, ...headers },
        body,
      ),
    offset: async (path) => Number((await tus.head(path)).headers.get('upload-offset')),
  };
  return tus;
}

/** `Upload-Metadata` of these. */
export const metadataOf = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

export const checksumOf = (algorithm: string, bytes: Uint8Array | string): string =>
  `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`;
