/** What there is for the matrix to ask for: a dataset with a file, and who stands how to it. */
export interface Fixture {
  datasetId: string;
  /** Held by the dataset alone. */
  fileId: number;
  ownerId: string;
  /** A key of the owner's that nothing is asked with. */
  keyId: string;
  /** A group that the owner alone is in. */
  groupId: string;
}

export interface Sample {
  /** The path with its parameters filled in. */
  path: (fixture: Fixture) => string;
  body?: (fixture: Fixture) => object | FormData;
  headers?: Record<string, string>;
  /**
   * What must be there for the caller; `dataset` where the document names a role for the path, or the
   * body names a dataset. What is not there is answered with this code.
   */
  needs?: 'dataset' | 'file';
  /** The owner and admins of the installation see it; others are told this code, with 404. */
  private?: string;
  /** Of the dataset that the body names. */
  role?: 'reader' | 'writer' | 'admin';
}

const ofDataset =
  (rest: string): Sample['path'] =>
  ({ datasetId }) =>
    `/v1/datasets/${datasetId}${rest}`;
const at =
  (path: string): Sample['path'] =>
  () =>
    path;

const file = (): FormData => {
  const form = new FormData();
  form.append('file', new Blob(['a,b\n1,2\n']), 'a.csv');
  return form;
};

const TUS = { 'Tus-Resumable': '1.0.0' };

/**
 * A request for each operation of the document: one that, where it is permitted, is carried out or
 * fails for another reason, and leaves the fixture as it was.
 */
export const SAMPLES: Record<string, Sample> = {
  'GET /health/live': { path: at('/health/live') },
  'GET /health/ready': { path: at('/health/ready') },
  'GET /metrics': { path: at('/metrics') },

  'GET /v1/datasets': { path: at('/v1/datasets') },
  'POST /v1/datasets': { path: at('/v1/datasets'), body: () => ({ name: 'Another' }) },
  'POST /v1/datasets/batch-get': {
    path: at('/v1/datasets/batch-get'),
    body: ({ datasetId }) => ({ ids: [datasetId] }),
  },
  'POST /v1/datasets/batch-tag': {
    path: at('/v1/datasets/batch-tag'),
    body: ({ datasetId }) => ({ datasetIds: [datasetId], add: ['seen'] }),
    needs: 'dataset',
    role: 'writer',
  },
  'GET /v1/datasets/{id}': { path: ofDataset('') },
  'PATCH /v1/datasets/{id}': { path: ofDataset(''), body: () => ({ description: 'edited' }) },
  'DELETE /v1/datasets/{id}': { path: ofDataset(''), headers: { 'If-Match': '"another"' } },
  'POST /v1/datasets/{id}/restore': { path: ofDataset('/restore') },
  'GET /v1/datasets/{id}/statistics': { path: ofDataset('/statistics') },
  'GET /v1/datasets/{id}/tags': { path: ofDataset('/tags') },
  'PUT /v1/datasets/{id}/tags/{tag}': { path: ofDataset('/tags/seen') },
  'DELETE /v1/datasets/{id}/tags/{tag}': { path: ofDataset('/tags/never-given') },
  'GET /v1/datasets/{id}/grants': { path: ofDataset('/grants') },
  'POST /v1/datasets/{id}/grants': {
    path: ofDataset('/grants'),
    body: ({ ownerId }) => ({ userId: ownerId, role: 'reader' }),
  },
  'DELETE /v1/datasets/{id}/grants/{grantId}': { path: ofDataset('/grants/none') },

  'GET /v1/datasets/{id}/versions': { path: ofDataset('/versions') },
  'POST /v1/datasets/{id}/versions': {
    path: ofDataset('/versions'),
    body: ({ fileId }) => ({
      message: 'again',
      changes: [{ op: 'put', path: 'a.csv', fileId }],
    }),
  },
  'GET /v1/datasets/{id}/versions/{ref}': { path: ofDataset('/versions/1') },
  'DELETE /v1/datasets/{id}/versions/{ref}': { path: ofDataset('/versions/999999') },
  'GET /v1/datasets/{id}/versions/{ref}/files': { path: ofDataset('/versions/1/files') },
  'GET /v1/datasets/{id}/versions/{ref}/content/{path}': {
    path: ofDataset('/versions/1/content/a.csv'),
  },
  'GET /v1/datasets/{id}/versions/{ref}/overlay': { path: ofDataset('/versions/1/overlay') },
  'GET /v1/datasets/{id}/versions/{ref}/archive': { path: ofDataset('/versions/1/archive') },
  'GET /v1/datasets/{id}/versions/{ref}/rows': { path: ofDataset('/versions/1/rows?path=a.csv') },
  'GET /v1/datasets/{id}/versions/{ref}/schema': {
    path: ofDataset('/versions/1/schema?path=a.csv'),
  },
  'GET /v1/datasets/{id}/versions/{ref}/rejected-rows': {
    path: ofDataset('/versions/1/rejected-rows?path=a.csv'),
  },
  'GET /v1/datasets/{id}/versions/{ref}/statistics': {
    path: ofDataset('/versions/1/statistics?path=a.csv'),
  },
  'GET /v1/datasets/{id}/versions/{ref}/export': {
    path: ofDataset('/versions/1/export?path=a.csv&format=csv'),
  },
  'GET /v1/datasets/{id}/diff/rows': {
    path: ofDataset('/diff/rows?base=1&head=1&path=a.csv'),
  },
  'GET /v1/datasets/{id}/diff/schema': {
    path: ofDataset('/diff/schema?base=1&head=1&path=a.csv'),
  },
  'POST /v1/query': {
    path: at('/v1/query'),
    body: ({ datasetId }) => ({ datasetId, sql: 'SELECT 1' }),
    needs: 'dataset',
    role: 'reader',
  },
  'POST /v1/datasets/{id}/versions/{ref}/restore': {
    path: ofDataset('/versions/latest/restore'),
    body: () => ({}),
  },
  'GET /v1/datasets/{id}/diff': { path: ofDataset('/diff?base=1&head=latest') },
  'POST /v1/datasets/{id}/merge': {
    path: ofDataset('/merge'),
    body: () => ({ source: 'main', target: 'main' }),
  },
  'GET /v1/datasets/{id}/refs': { path: ofDataset('/refs') },
  'GET /v1/datasets/{id}/refs/{name}': { path: ofDataset('/refs/main') },
  'PUT /v1/datasets/{id}/refs/{name}': {
    path: ofDataset('/refs/side'),
    body: () => ({ version: 1 }),
  },
  'DELETE /v1/datasets/{id}/refs/{name}': { path: ofDataset('/refs/none') },

  'GET /v1/datasets/{id}/quota': { path: ofDataset('/quota') },
  'PUT /v1/datasets/{id}/quota': { path: ofDataset('/quota'), body: () => ({ bytes: null }) },

  'GET /v1/admin/fsck': { path: at('/v1/admin/fsck') },
  'POST /v1/admin/fsck': { path: at('/v1/admin/fsck'), body: () => ({}) },
  'GET /v1/admin/fsck/{id}': { path: at('/v1/admin/fsck/none') },
  'DELETE /v1/admin/fsck/{id}': { path: at('/v1/admin/fsck/none') },

  'GET /v1/jobs': { path: at('/v1/jobs') },
  // What it is about is looked at before its kind.
  'POST /v1/jobs': {
    path: at('/v1/jobs'),
    body: ({ datasetId }) => ({ kind: 'none', source: { datasetId, path: 'a.csv' } }),
    needs: 'dataset',
  },
  'GET /v1/jobs/{id}': { path: at('/v1/jobs/none') },
  'DELETE /v1/jobs/{id}': { path: at('/v1/jobs/none') },
  'GET /v1/jobs/{id}/events': { path: at('/v1/jobs/none/events') },

  'POST /v1/jobs/{id}/publish': {
    path: at('/v1/jobs/none/publish'),
    body: () => ({ dataset: { name: 'Published' } }),
  },
  'GET /v1/jobs/{id}/lineage': { path: at('/v1/jobs/none/lineage') },
  'GET /v1/files/{id}/lineage': {
    path: ({ fileId }) => `/v1/files/${fileId}/lineage`,
    needs: 'file',
  },
  'GET /v1/datasets/{id}/versions/{ref}/lineage': { path: ofDataset('/versions/1/lineage') },

  'GET /v1/me': { path: at('/v1/me') },
  'GET /v1/audit': { path: at('/v1/audit?limit=1') },

  'GET /v1/admin/gc': { path: at('/v1/admin/gc') },
  'POST /v1/admin/gc': { path: at('/v1/admin/gc'), body: () => ({ dryRun: true }) },

  'GET /v1/api-keys': { path: at('/v1/api-keys') },
  'POST /v1/api-keys': {
    path: at('/v1/api-keys'),
    body: () => ({ name: 'another', scopes: ['profile:read'] }),
  },
  'GET /v1/api-keys/{id}': {
    path: ({ keyId }) => `/v1/api-keys/${keyId}`,
    private: 'api-key-not-found',
  },
  'DELETE /v1/api-keys/{id}': {
    path: ({ keyId }) => `/v1/api-keys/${keyId}`,
    private: 'api-key-not-found',
  },
  'POST /v1/api-keys/{id}/rotate': {
    path: ({ keyId }) => `/v1/api-keys/${keyId}/rotate`,
    body: () => ({}),
    private: 'api-key-not-found',
  },

  'GET /v1/users': { path: at('/v1/users') },
  'POST /v1/users': { path: at('/v1/users'), body: () => ({ name: 'another' }) },
  'GET /v1/users/{id}': {
    path: ({ ownerId }) => `/v1/users/${ownerId}`,
    private: 'user-not-found',
  },
  'PATCH /v1/users/{id}': {
    path: ({ ownerId }) => `/v1/users/${ownerId}`,
    body: () => ({ displayName: 'Ada' }),
  },
  'DELETE /v1/users/{id}': { path: ({ ownerId }) => `/v1/users/${ownerId}` },

  'GET /v1/groups': { path: at('/v1/groups') },
  'POST /v1/groups': { path: at('/v1/groups'), body: () => ({ name: 'another' }) },
  'GET /v1/groups/{id}': {
    path: ({ groupId }) => `/v1/groups/${groupId}`,
    private: 'group-not-found',
  },
  'PATCH /v1/groups/{id}': {
    path: ({ groupId }) => `/v1/groups/${groupId}`,
    body: () => ({ description: 'edited' }),
  },
  'DELETE /v1/groups/{id}': { path: at('/v1/groups/none') },
  'GET /v1/groups/{id}/members': {
    path: ({ groupId }) => `/v1/groups/${groupId}/members`,
    private: 'group-not-found',
  },
  'PUT /v1/groups/{id}/members/{userId}': {
    path: ({ groupId, ownerId }) => `/v1/groups/${groupId}/members/${ownerId}`,
  },
  'DELETE /v1/groups/{id}/members/{userId}': {
    path: ({ groupId }) => `/v1/groups/${groupId}/members/none`,
  },

  'GET /v1/schemas/overlay': { path: at('/v1/schemas/overlay') },
  'GET /v1/tags': { path: at('/v1/tags') },
  'PATCH /v1/tags/{tag}': { path: at('/v1/tags/never-given'), body: () => ({ name: 'other' }) },
  'GET /v1/search': { path: at('/v1/search?q=matrix') },

  'OPTIONS /v1/uploads': { path: at('/v1/uploads') },
  'GET /v1/uploads': { path: at('/v1/uploads') },
  'POST /v1/uploads': { path: at('/v1/uploads'), headers: { ...TUS, 'Upload-Length': '1' } },
  'HEAD /v1/uploads/{id}': { path: at('/v1/uploads/none'), headers: TUS },
  'PATCH /v1/uploads/{id}': {
    path: at('/v1/uploads/none'),
    headers: { ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' },
  },
  'DELETE /v1/uploads/{id}': { path: at('/v1/uploads/none'), headers: TUS },

  'GET /v1/files': { path: at('/v1/files') },
  'POST /v1/files': { path: at('/v1/files'), body: file },
  'POST /v1/files/batch': { path: at('/v1/files/batch'), body: file },
  'POST /v1/files/preflight': {
    path: at('/v1/files/preflight'),
    body: () => ({ digests: [`sha256:${'0'.repeat(64)}`] }),
  },
  'GET /v1/files/{id}': { path: ({ fileId }) => `/v1/files/${fileId}`, needs: 'file' },
  'DELETE /v1/files/{id}': { path: ({ fileId }) => `/v1/files/${fileId}`, needs: 'file' },
  'GET /v1/files/{id}/content': {
    path: ({ fileId }) => `/v1/files/${fileId}/content`,
    needs: 'file',
  },
};
