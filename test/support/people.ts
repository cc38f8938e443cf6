import { createApi, type Api } from './api.js';

export interface ApiKey {
  id: string;
  key: string;
  userId: string;
  name: string;
  hint: string | null;
  scopes: string[] | null;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
  [field: string]: unknown;
}

export interface User {
  id: string;
  name: string;
  disabled: boolean;
  [field: string]: unknown;
}

/** A request with a JSON body. */
export const send = (
  api: Api,
  method: string,
  path: string,
  body: unknown = {},
  headers: Record<string, string> = {},
): Promise<Response> =>
  api.fetch(path, {
    method,
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  });

/** The answer to it, which must have this status. */
export async function sent<T>(status: number, ...request: Parameters<typeof send>): Promise<T> {
  const response = await send(...request);
  const text = await response.text();
  if (response.status !== status) {
    throw new Error(
      `${request[1]} ${request[2]}: expected ${status}, got ${response.status}: ${text}`,
    );
  }
  return JSON.parse(text) as T;
}

/** What an admin does with users and keys, through HTTP alone. */
export const peopleApi = (admin: Api) => ({
  user: (name: string, more = {}): Promise<User> =>
    sent(201, admin, 'POST', '/v1/users', { name, ...more }),
  /** A key of this user, or of the admin. */
  key: (body: object = {}, by: Api = admin): Promise<ApiKey> =>
    sent(201, by, 'POST', '/v1/api-keys', { name: 'a key', ...body }),
  /** A new user, calling with a key of its own. */
  async caller(name: string, key: object = {}, user: object = {}): Promise<Api> {
    await this.user(name, user);
    return createApi(admin.url, (await this.key({ userId: name, ...key })).key);
  },
  as: (key: string): Api => createApi(admin.url, key),
});

export type Page<T> = { items: T[]; nextCursor: string | null };

/** Every item of a list, page by page. */
export async function listed<T>(api: Api, path: string): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page<T> = await api.json(200, path + (cursor && `&cursor=${cursor}`));
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

export const makeKey = (api: Api, body: object, headers = {}) =>
  send(api, 'POST', '/v1/api-keys', { name: 'a key', ...body }, headers);
export const revokeKey = (api: Api, id: string) =>
  api.fetch(`/v1/api-keys/${id}`, { method: 'DELETE' });
export const rotateKey = (api: Api, id: string, body = {}, headers = {}) =>
  send(api, 'POST', `/v1/api-keys/${id}/rotate`, body, headers);
