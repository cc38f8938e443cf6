import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as samplingErrors from '../../src/analysis/sampling/sampling.errors.js';
import * as publishingErrors from '../../src/analysis/publishing/publishing.errors.js';
import * as jobsErrors from '../../src/analysis/jobs/jobs.errors.js';
import * as accessErrors from '../../src/access/access.errors.js';
import * as grantsErrors from '../../src/access/grants/grants.errors.js';
import * as limitsErrors from '../../src/access/limits/limits.errors.js';
import * as convertErrors from '../../src/analysis/convert/convert.errors.js';
import * as coreErrors from '../../src/core/errors/index.js';
import * as datasetsErrors from '../../src/datasets/datasets.errors.js';
import * as filesErrors from '../../src/storage/files/files.errors.js';
import * as fsckErrors from '../../src/storage/fsck/fsck.errors.js';
import * as uploadsErrors from '../../src/storage/uploads/uploads.errors.js';
import * as diffErrors from '../../src/tabular/diff/diff.errors.js';
import * as tabularErrors from '../../src/tabular/tabular.errors.js';

/** Each code that a client can meet, and the tests that provoke it through HTTP. */
const PROVOKED_BY: Record<string, string> = {
  'allocation-impossible': 'sampling',
  'api-key-ended': 'key-ends',
  'api-key-not-found': 'key-ends',
  'bad-request': 'bad-requests',
  'body-too-large': 'bad-requests',
  'bootstrap-key': 'keys',
  'column-taken': 'split',
  'column-unknown': 'tables',
  'content-hash-conflict': 'integrity',
  'content-quarantined': 'engine-limits',
  'cursor-mismatch': 'lookup',
  'database-unavailable': 'outages',
  'dataset-not-found': 'datasets',
  'default-branch': 'refs',
  'diff-invalid': 'row-diff',
  'digest-mismatch': 'upload',
  'engine-busy': 'engine-limits',
  'engine-crashed': 'engine-limits',
  'engine-deadline': 'engine-limits',
  'engine-disk': 'engine-limits',
  'engine-memory': 'engine-limits',
  'etag-mismatch': 'download',
  'file-not-found': 'lookup',
  'file-patched': 'row-patches',
  'filter-invalid': 'tables',
  forbidden: 'access',
  'fsck-run-not-found': 'fsck',
  'fsck-running': 'fsck',
  'grant-not-found': 'grants',
  'group-name-taken': 'groups',
  'group-not-found': 'grants',
  'headers-too-large': 'bad-requests',
  'idempotency-in-progress': 'idempotency',
  'idempotency-key-reused': 'idempotency',
  'identity-provider-unavailable': 'oidc',
  'if-match-required': 'refs',
  internal: 'outages',
  'job-not-found': 'jobs',
  'job-not-succeeded': 'publishing',
  'key-exceeds-caller': 'keys',
  'key-not-unique': 'row-diff',
  'last-admin': 'users',
  'malformed-body': 'bad-requests',
  'malformed-multipart': 'malformed-forms',
  'merge-conflict': 'merges',
  'not-tabular': 'tables',
  'object-corrupt': 'integrity',
  'object-missing': 'integrity',
  'outcome-unknown': 'outages',
  'parent-not-head': 'merges',
  'patch-impossible': 'row-patches',
  'patch-key-ambiguous': 'row-patches',
  'patch-too-large': 'row-patches',
  'path-absent': 'refused-commits',
  'path-conflict': 'merges',
  'path-exists': 'refused-commits',
  'path-not-found': 'versions',
  'population-empty': 'sampling',
  'quota-exceeded': 'quotas',
  'range-not-satisfiable': 'download-ranges',
  'rate-limited': 'rate-limits',
  'read-options-invalid': 'tables',
  'ref-not-found': 'refs',
  'request-timeout': 'limits',
  'route-not-found': 'operation-routes',
  'sample-too-large': 'sampling',
  'schemas-apart': 'split',
  'slug-taken': 'datasets',
  'sql-failed': 'table-results',
  'sql-refused': 'sql-refused',
  'storage-full': 'limits',
  'storage-unavailable': 'outages',
  'table-unknown': 'table-results',
  'table-unreadable': 'tables',
  'tag-immutable': 'refs',
  'tag-not-found': 'tags',
  'tag-too-common': 'tag-renaming',
  'too-few-rows': 'split',
  'too-many-event-streams': 'job-events',
  'too-many-groups': 'sampling',
  'too-many-jobs': 'jobs',
  'too-many-outputs': 'split',
  'too-many-tables': 'engine-limits',
  'too-many-uploads': 'limits',
  'transaction-conflict': 'outages',
  'tus-version': 'upload-refusals',
  unauthenticated: 'access',
  'unsupported-content-encoding': 'bad-requests',
  'unsupported-media-type': 'bad-requests',
  'upload-checksum-mismatch': 'uploads',
  'upload-gone': 'uploads',
  'upload-is-final': 'upload-concatenation',
  'upload-lease-lost': 'outages',
  'upload-length-exceeded': 'upload-refusals',
  'upload-locked': 'upload-writers',
  'upload-not-found': 'upload-refusals',
  'upload-offset-mismatch': 'upload-refusals',
  'upload-parts-unfinished': 'upload-concatenation',
  'upload-slots-busy': 'limits',
  'upload-too-large': 'limits',
  'user-in-use': 'users',
  'user-name-taken': 'users',
  'user-not-found': 'grants',
  'validation-failed': 'bad-descriptions',
  'version-deleted': 'deletion',
  'version-not-found': 'versions',
  'weights-invalid': 'sampling',
};

/** Codes that no client can meet, and why. */
const UNREACHABLE: Record<string, string> = {
  'invalid-storage-config': 'The service does not start.',
  'invalid-storage-path': 'Paths are made by the service, never by a request.',
  'object-not-found': 'Backends tell it to the service, which answers with its own error.',
  'request-aborted': 'Whoever could read it has closed the connection.',
  'size-mismatch': 'The HTTP parser ends a body exactly at its Content-Length.',
  'unknown-storage-type': 'The service does not start.',
};

type ErrorClass = new (...args: unknown[]) => coreErrors.AppError;

const isErrorClass = (value: unknown): value is ErrorClass =>
  typeof value === 'function' && value.prototype instanceof coreErrors.AppError;

/** Constructors of errors only build a message: a list stands for any argument. */
const codes = Object.values<unknown>({
  ...accessErrors,
  ...convertErrors,
  ...coreErrors,
  ...datasetsErrors,
  ...diffErrors,
  ...filesErrors,
  ...fsckErrors,
  ...grantsErrors,
  ...jobsErrors,
  ...limitsErrors,
  ...samplingErrors,
  ...publishingErrors,
  ...tabularErrors,
  ...uploadsErrors,
})
  .filter(isErrorClass)
  .map((Class) => new Class([], [], []).code)
  .sort();

describe('every error code', () => {
  it('is one that a test provokes, or one that no client can meet', () => {
    expect([...Object.keys(PROVOKED_BY), ...Object.keys(UNREACHABLE)].sort()).toEqual(codes);
  });

  it.each(Object.entries(PROVOKED_BY))('%s is expected in %s.e2e-spec.ts', async (code, spec) => {
    const source = await readFile(join(import.meta.dirname, `${spec}.e2e-spec.ts`), 'utf8');
    const expectations = source.matchAll(/(\d{3}|expectFailure\(\w+),\s*'([a-z-]+)'/g);
    expect([...expectations].map(([, , expected]) => expected)).toContain(code);
  });

  it('that no client can meet is expected by no test', async () => {
    const specs = await readdir(import.meta.dirname, { recursive: true });
    for (const spec of specs.filter((name) => name.endsWith('.ts'))) {
      if (spec === 'error-codes.e2e-spec.ts') continue;
      const source = await readFile(join(import.meta.dirname, spec), 'utf8');
      for (const code of Object.keys(UNREACHABLE)) expect(source).not.toContain(`'${code}'`);
    }
  });
});
