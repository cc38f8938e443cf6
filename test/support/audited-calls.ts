import { randomUUID } from 'node:crypto';
import type { AuditAction } from '../../src/core/contracts/audit-log.contract.js';
import type { Api } from './api.js';
import { datasetsApi, put } from './datasets.js';
import { OFFSET_STREAM, tusOf } from './tus.js';

/** What the calls change: made anew for each. */
export interface Changed {
  datasetId: string;
  fileId: number;
  ownerId: string;
  otherId: string;
}

export interface AuditedCall {
  action: AuditAction;
  /** By an admin of the installation instead of the owner of the dataset. */
  byAdmin?: true;
  /** What has to be there before, besides the dataset with its one version, and what it is called. */
  before?: (api: Api, changed: Changed) => Promise<string | void>;
  path: (changed: Changed, made: string) => string;
  body?: (changed: Changed) => object | FormData;
  headers?: Record<string, string>;
  /**
   * What the same request is told that changes nothing more; default: what it was told first. `anew`: it
   * is an action of its own each time.
   */
  again?: number | 'anew';
}

const ofDataset =
  (rest: string): AuditedCall['path'] =>
  ({ datasetId }, made) =>
    `/v1/datasets/${datasetId}${rest.replace('*', made)}`;

const form = (...contents: string[]): FormData => {
  const parts = new FormData();
  for (const [n, content] of contents.entries()) {
    parts.append('file', new Blob([content]), `${n}.csv`);
  }
  return parts;
};

const send = (api: Api, method: string, path: string, body: object) =>
  datasetsApi(api).json(method, path, body);

async function branch(api: Api, { datasetId, fileId }: Changed): Promise<string> {
  await send(api, 'PUT', `/v1/datasets/${datasetId}/refs/side`, { version: 1 });
  await datasetsApi(api).commit(datasetId, [put('side.csv', fileId)], { branch: 'side' });
  return 'side';
}

async function made(api: Api, path: string, body: object): Promise<string> {
  const answer = await send(api, 'POST', path, body);
  return ((await answer.json()) as { id: string }).id;
}

const aName = (): string => `made-${randomUUID()}`;
const aKey = (api: Api) => made(api, '/v1/api-keys', { name: 'made' });
const aUser = (api: Api) => made(api, '/v1/users', { name: aName() });
const aGroup = (api: Api) => made(api, '/v1/groups', { name: aName() });

const TUS = { 'Tus-Resumable': '1.0.0' };
/** One whose bytes are there, and that is whole when its length is told. */
const anUpload = (api: Api) => tusOf(api).create({ 'Upload-Defer-Length': 1 }, 'bytes');

/** A call for each operation of the document that can change something. */
export const AUDITED_CALLS: Record<string, AuditedCall> = {
  'POST /v1/admin/gc': {
    action: 'gc.run',
    byAdmin: true,
    path: () => '/v1/admin/gc',
    body: () => ({}),
    // Each is a turn of its own.
    again: 'anew',
  },
  'POST /v1/api-keys': {
    action: 'api-key.create',
    path: () => '/v1/api-keys',
    body: () => ({ name: 'made' }),
  },
  'DELETE /v1/api-keys/{id}': {
    action: 'api-key.revoke',
    before: aKey,
    path: (_, id) => `/v1/api-keys/${id}`,
  },
  'POST /v1/api-keys/{id}/rotate': {
    action: 'api-key.rotate',
    before: aKey,
    path: (_, id) => `/v1/api-keys/${id}/rotate`,
    body: () => ({}),
  },
  'POST /v1/users': {
    action: 'user.create',
    byAdmin: true,
    path: () => '/v1/users',
    body: ({ datasetId }) => ({ name: `u-${datasetId}` }),
  },
  'PATCH /v1/users/{id}': {
    action: 'user.update',
    byAdmin: true,
    before: aUser,
    path: (_, id) => `/v1/users/${id}`,
    body: () => ({ displayName: 'Ada' }),
  },
  'DELETE /v1/users/{id}': {
    action: 'user.delete',
    byAdmin: true,
    before: aUser,
    path: (_, id) => `/v1/users/${id}`,
    again: 404,
  },
  'POST /v1/groups': {
    action: 'group.create',
    byAdmin: true,
    path: () => '/v1/groups',
    body: ({ datasetId }) => ({ name: `g-${datasetId}` }),
  },
  'PATCH /v1/groups/{id}': {
    action: 'group.update',
    byAdmin: true,
    before: aGroup,
    path: (_, id) => `/v1/groups/${id}`,
    body: () => ({ description: 'edited' }),
  },
  'DELETE /v1/groups/{id}': {
    action: 'group.delete',
    byAdmin: true,
    before: aGroup,
    path: (_, id) => `/v1/groups/${id}`,
    again: 404,
  },
  'PUT /v1/groups/{id}/members/{userId}': {
    action: 'group-member.add',
    byAdmin: true,
    before: aGroup,
    path: ({ otherId }, id) => `/v1/groups/${id}/members/${otherId}`,
  },
  'DELETE /v1/groups/{id}/members/{userId}': {
    action: 'group-member.remove',
    byAdmin: true,
    before: async (api, { otherId }) => {
      const id = await aGroup(api);
      await api.fetch(`/v1/groups/${id}/members/${otherId}`, { method: 'PUT' });
      return id;
    },
    path: ({ otherId }, id) => `/v1/groups/${id}/members/${otherId}`,
  },
  'POST /v1/admin/fsck': {
    action: 'fsck.start',
    byAdmin: true,
    path: () => '/v1/admin/fsck',
    body: () => ({ repair: true }),
    // It starts one more, or is told that the first one still runs.
    again: 'anew',
  },
  'PUT /v1/datasets/{id}/quota': {
    action: 'dataset.quota',
    byAdmin: true,
    path: ofDataset('/quota'),
    body: () => ({ bytes: 1_000_000 }),
  },
  'POST /v1/datasets': {
    action: 'dataset.create',
    path: () => '/v1/datasets',
    body: ({ fileId }) => ({ name: 'Made', files: [{ path: 'a.csv', fileId }] }),
  },
  'PATCH /v1/datasets/{id}': {
    action: 'dataset.update',
    path: ofDataset(''),
    body: () => ({ name: 'Edited', visibility: 'public' }),
    headers: { 'If-Match': '*' },
  },
  'DELETE /v1/datasets/{id}': { action: 'dataset.delete', path: ofDataset(''), again: 404 },
  'POST /v1/datasets/{id}/restore': {
    action: 'dataset.restore',
    before: async (api, { datasetId }) => {
      await api.fetch(`/v1/datasets/${datasetId}`, { method: 'DELETE' });
    },
    path: ofDataset('/restore'),
    body: () => ({}),
  },
  'POST /v1/datasets/batch-tag': {
    action: 'dataset.tag',
    path: () => '/v1/datasets/batch-tag',
    body: ({ datasetId }) => ({ datasetIds: [datasetId], add: ['seen'] }),
  },
  'PUT /v1/datasets/{id}/tags/{tag}': {
    action: 'dataset.tag',
    path: ofDataset('/tags/seen'),
    again: 200,
  },
  'DELETE /v1/datasets/{id}/tags/{tag}': {
    action: 'dataset.tag',
    path: ofDataset('/tags/given'),
    again: 404,
  },
  'PATCH /v1/tags/{tag}': {
    action: 'tag.rename',
    path: () => '/v1/tags/given',
    body: () => ({ name: 'renamed' }),
    again: 404,
  },
  'POST /v1/datasets/{id}/grants': {
    action: 'grant.put',
    path: ofDataset('/grants'),
    body: ({ otherId }) => ({ userId: otherId, role: 'reader' }),
    again: 200,
  },
  'DELETE /v1/datasets/{id}/grants/{grantId}': {
    action: 'grant.delete',
    before: async (api, { datasetId, otherId }) => {
      const body = { userId: otherId, role: 'reader' };
      const made = await send(api, 'POST', `/v1/datasets/${datasetId}/grants`, body);
      return ((await made.json()) as { id: string }).id;
    },
    path: ofDataset('/grants/*'),
    again: 404,
  },
  'POST /v1/datasets/{id}/versions': {
    action: 'version.create',
    path: ofDataset('/versions'),
    body: ({ fileId }) => ({
      message: 'more',
      changes: [{ op: 'put', path: 'more.csv', fileId }],
    }),
  },
  'DELETE /v1/datasets/{id}/versions/{ref}': {
    action: 'version.delete',
    path: ofDataset('/versions/1'),
    again: 410,
  },
  'POST /v1/datasets/{id}/versions/{ref}/restore': {
    action: 'version.restore',
    before: async (api, { datasetId, fileId }) => {
      await datasetsApi(api).commit(datasetId, [put('more.csv', fileId)]);
    },
    path: ofDataset('/versions/1/restore'),
    body: () => ({}),
  },
  'POST /v1/datasets/{id}/merge': {
    action: 'version.merge',
    before: branch,
    path: ofDataset('/merge'),
    body: () => ({ source: 'side', target: 'main' }),
  },
  'PUT /v1/datasets/{id}/refs/{name}': {
    action: 'ref.put',
    path: ofDataset('/refs/side'),
    body: () => ({ version: 1 }),
    // Whoever does not say where it is moves nothing.
    again: 428,
  },
  'DELETE /v1/datasets/{id}/refs/{name}': {
    action: 'ref.delete',
    before: branch,
    path: ofDataset('/refs/*'),
    headers: { 'If-Match': '*' },
    again: 404,
  },
  'POST /v1/files': {
    action: 'file.upload',
    path: () => '/v1/files',
    body: () => form('a,b\n1,2\n'),
  },
  'POST /v1/files/batch': {
    action: 'file.upload',
    path: () => '/v1/files/batch',
    body: () => form('a,b\n1,2\n', 'a,b\n3,4\n', 'a,b\n1,2\n'),
  },
  'DELETE /v1/files/{id}': {
    action: 'file.release',
    path: ({ fileId }) => `/v1/files/${fileId}`,
    again: 204,
  },
  'POST /v1/uploads': {
    action: 'upload.create',
    path: () => '/v1/uploads',
    headers: { ...TUS, 'Upload-Length': '5' },
  },
  'PATCH /v1/uploads/{id}': {
    action: 'file.upload',
    before: anUpload,
    path: (_, path) => path,
    headers: { ...TUS, 'Content-Type': OFFSET_STREAM, 'Upload-Offset': '5', 'Upload-Length': '5' },
  },
  'DELETE /v1/uploads/{id}': {
    action: 'upload.delete',
    before: anUpload,
    path: (_, path) => path,
    headers: TUS,
    again: 410,
  },
};
