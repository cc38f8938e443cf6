import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiExtension,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { MORE_BODIES } from '../../core/http/more-bodies.extension.js';
import { FileDescriptionDto } from './dto/file-description.dto.js';
import { CreatedFileDto, CreatedFilesDto } from './dto/file.dto.js';

/** What OpenAPI can't infer from the handlers of `FilesController`, since they stream. */

const FILE_PART = { type: 'string', format: 'binary', description: 'The bytes.' } as const;

const IDEMPOTENCY_KEY = ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description:
    'Makes a repeat safe: within 24 hours the same key with the same content gives the same answer and no second hold, also when the file was given up meanwhile. 1 to 255 visible ASCII characters.',
});

const UPLOAD_PROBLEMS = {
  400: ['validation-failed', 'malformed-multipart', 'size-mismatch', 'request-aborted'],
  408: ['request-timeout'],
  409: ['idempotency-in-progress'],
  413: ['upload-too-large'],
  415: ['unsupported-content-encoding'],
  422: ['idempotency-key-reused'],
  429: ['too-many-uploads'],
  500: ['content-hash-conflict'],
  503: ['upload-slots-busy', 'upload-lease-lost', 'storage-unavailable'],
  507: ['storage-full', 'quota-exceeded'],
} as const;

const RAW_PARAMETERS = [
  ['fileType', 'What the content is, for a raw body.'],
  ['mimeType', 'Media type, for a raw body. Default: its Content-Type.'],
  ['compressionType', 'How the bytes are compressed, for a raw body.'],
  ['metadata', 'A JSON object as text, for a raw body.'],
  ['fileName', 'Name for downloads, for a raw body.'],
  ['expiresAt', 'When the hold ends by itself, for a raw body.'],
] as const;

export const ApiUpload = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Upload a file',
      description: `As \`multipart/form-data\` with one part named \`file\`, its description as fields before or after it; or the bytes themselves as the body, with any other content type, and the description as query parameters.

The content is hashed on the way and stored once, whoever uploads it. The answer comes when it is durable. The caller holds the file until \`DELETE /v1/files/{id}\`; every upload is one hold.`,
    }),
    ApiConsumes('multipart/form-data'),
    ApiExtension(MORE_BODIES, {
      'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    }),
    ApiBody({
      schema: {
        allOf: [
          { type: 'object', required: ['file'], properties: { file: FILE_PART } },
          { $ref: getSchemaPath(FileDescriptionDto) },
        ],
      },
    }),
    ...RAW_PARAMETERS.map(([name, description]) =>
      ApiQuery({ name, required: false, type: String, description }),
    ),
    ApiHeader({
      name: 'Repr-Digest',
      required: false,
      description:
        'SHA-256 of the file (RFC 9530): `sha-256=:<base64>:`. Checked before anything is kept.',
    }),
    IDEMPOTENCY_KEY,
    AnswersWith('Location'),
    ApiResponse({ status: 201, type: CreatedFileDto }),
    ApiProblems({ ...UPLOAD_PROBLEMS, 422: ['digest-mismatch', 'idempotency-key-reused'] }),
  );

export const ApiBatchUpload = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Upload many files, all or none',
      description:
        'Any number of parts named `file`. The field `items` describes them one by one; the other fields hold for all of them.',
    }),
    ApiConsumes('multipart/form-data'),
    ApiBody({
      schema: {
        allOf: [
          {
            type: 'object',
            required: ['file'],
            properties: {
              file: { type: 'array', items: FILE_PART },
              items: {
                type: 'string',
                description: 'JSON array with one object for each part, in their order.',
                example: '[{"fileType":"csv"},{"fileType":"json","metadata":{"year":2026}}]',
              },
            },
          },
          { $ref: getSchemaPath(FileDescriptionDto) },
        ],
      },
    }),
    IDEMPOTENCY_KEY,
    ApiResponse({ status: 201, type: CreatedFilesDto }),
    ApiProblems(UPLOAD_PROBLEMS),
  );

export const ApiFileId = (): MethodDecorator =>
  applyDecorators(
    ApiParam({ name: 'id', type: 'integer', description: 'Id of a file.', example: 1 }),
    ApiProblems({
      400: ['validation-failed'],
      404: ['file-not-found'],
    }),
  );

const RANGE_HEADERS = [
  ['Range', 'Part of the bytes: `bytes=0-99`, `bytes=-100`, at most 16 ranges.'],
  ['If-Range', 'Serve the range only while the content has this ETag, else the whole.'],
  ['If-None-Match', 'Answer 304 when the content has this ETag.'],
  ['If-Match', 'Answer 412 unless the content has this ETag.'],
] as const;

export const ApiContent = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Download the bytes',
      description:
        'The strong ETag and `Repr-Digest` are the SHA-256. A transfer whose stored bytes turn out to be damaged breaks before its end.',
    }),
    ApiFileId(),
    ...RANGE_HEADERS.map(([name, description]) =>
      ApiHeader({ name, description, required: false }),
    ),
    ApiProduces('application/octet-stream'),
    AnswersWith('ETag', 'Repr-Digest'),
    ApiResponse({ status: 200, description: 'All bytes.', schema: FILE_PART }),
    ApiResponse({ status: 206, description: 'The ranges asked for.', schema: FILE_PART }),
    ApiResponse({ status: 304, description: 'The caller has these bytes.' }),
    ApiProblems({
      412: ['etag-mismatch'],
      416: ['range-not-satisfiable'],
      500: ['object-missing', 'object-corrupt'],
    }),
  );
