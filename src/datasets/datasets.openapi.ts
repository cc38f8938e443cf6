import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import { ApiProblems } from '../core/http/api-problems.js';

export const ApiIdempotencyKey = (): MethodDecorator =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'Makes a repeat safe: within 24 hours the same key with the same request gives the same answer and changes nothing. 1 to 255 visible ASCII characters.',
  });

/** The `{id}` of a dataset's routes. */
export const ApiDatasetKey = (): MethodDecorator =>
  applyDecorators(
    ApiParam({ name: 'id', description: 'Id or slug of a dataset.', example: 'seattle-weather' }),
    ApiProblems({ 404: ['dataset-not-found'] }),
  );

/** Of the dataset, on every route that edits it. */
export const ApiIfMatch = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'Edit only while this is the ETag of the dataset.',
    }),
    ApiProblems({ 412: ['etag-mismatch'] }),
  );

/** The `{ref}` of a version's routes. */
export const ApiVersionRef = (): MethodDecorator =>
  applyDecorators(
    ApiDatasetKey(),
    ApiParam({
      name: 'ref',
      description: 'Number or id of a version, a branch, a tag, or `latest`: the head of `main`.',
      example: 'latest',
    }),
    ApiProblems({ 404: ['dataset-not-found', 'version-not-found'], 410: ['version-deleted'] }),
  );

export const COMMIT_PROBLEMS = {
  404: ['file-not-found'],
  422: ['idempotency-key-reused'],
  503: ['storage-unavailable', 'transaction-conflict', 'outcome-unknown'],
  507: ['storage-full'],
} as const;
