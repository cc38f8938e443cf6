import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import { ApiProblems } from '../core/http/api-problems.js';

export { ApiIdempotencyKey } from '../core/http/idempotency-key.openapi.js';

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
  503: ['storage-unavailable'],
  507: ['storage-full', 'quota-exceeded'],
} as const;

/** Of `POST /v1/datasets`, in both forms. */
export const CREATE_PROBLEMS = {
  ...COMMIT_PROBLEMS,
  400: ['validation-failed', 'malformed-body', 'malformed-multipart', 'request-aborted'],
  408: ['request-timeout'],
  409: ['slug-taken', 'path-conflict', 'idempotency-in-progress'],
  413: ['body-too-large', 'upload-too-large'],
  415: ['unsupported-media-type', 'unsupported-content-encoding'],
  429: ['too-many-uploads'],
  500: ['content-hash-conflict'],
  503: [...COMMIT_PROBLEMS[503], 'upload-slots-busy', 'upload-lease-lost'],
} as const;

const SAID = {
  name: 'Seattle weather',
  description: 'Daily observations, 2012 to 2015',
  tags: ['climate', 'daily'],
  metadata: { licence: 'CC0-1.0' },
  visibility: 'private',
};

/** Without a slug, which is made of the name: a second try is not refused. */
export const CREATE_EXAMPLES = {
  'without files': { value: SAID },
  'with a file': { value: { ...SAID, files: [{ path: 'data/weather.csv', fileId: 1 }] } },
};

/** Left empty by Swagger UI, which else fills in what it makes up. */
const BLANK = { type: 'string', example: '' } as const;
const TEXT = { type: 'string' } as const;

export const DATASET_FORM = {
  schema: {
    type: 'object',
    properties: {
      dataset: {
        ...BLANK,
        description:
          'The JSON form as text. Its members may also come as the fields below, which go before it.',
      },
      name: { ...TEXT, description: 'Needed here or in `dataset`.', example: SAID.name },
      slug: BLANK,
      description: { ...TEXT, example: SAID.description },
      tags: {
        ...TEXT,
        description: 'A JSON array as text, or the field once for each tag.',
        example: JSON.stringify(SAID.tags),
      },
      metadata: {
        ...TEXT,
        description: 'A JSON object as text.',
        example: JSON.stringify(SAID.metadata),
      },
      visibility: { ...TEXT, enum: ['private', 'public'], example: SAID.visibility },
      files: {
        type: 'array',
        items: { type: 'string', format: 'binary' },
        description:
          'Any number of parts of this name, each with the path in the dataset as its file name. `files` in `dataset` describes them by path (`fileType`, `metadata`, …), or adds files that are there already by `fileId`.',
      },
    },
  },
};
