import { createHash } from 'node:crypto';
import type { Api } from './api.js';

export const OFFSET_STREAM = 'application/offset+octet-stream';

/** Parts and failures of one upload. */
const MOST_TRIES = 12;

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

/**
 * Stores a content by parts, perhaps on several replicas, going on after failures as a client would; the
 * id of its file. @throws what the last try failed with
 */
export async function storeByParts(
  pick: () => Pick<Api, 'fetch'>,
  content: Uint8Array,
  random: () => number,
): Promise<number> {
  const path = await tusOf(pick()).create({ 'Upload-Length': content.length });
  let failure: unknown;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    try {
      const tus = tusOf(pick());
      const head = await tus.head(path);
      const fileId = head.headers.get('stratum-file-id');
      if (fileId) return Number(fileId);
      const offset = Number(head.headers.get('upload-offset'));
      const end = Math.ceil(offset + random() * (content.length - offset));
      const answer = await tus.patch(path, offset, content.subarray(offset, end));
      if (!answer.ok) failure = new Error(await answer.text());
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** `Upload-Metadata` of these. */
export const metadataOf = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

export const checksumOf = (algorithm: string, bytes: Uint8Array | string): string =>
  `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`;
