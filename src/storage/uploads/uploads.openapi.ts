import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiResponse,
} from '@nestjs/swagger';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiIdempotencyKey } from '../../core/http/idempotency-key.openapi.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { OFFSET_STREAM, TUS_VERSION } from './tus-protocol.js';

/** What OpenAPI can't infer from the handlers of `UploadsController`: tus speaks in headers. */

const header = (name: string, description: string, required = false): MethodDecorator =>
  ApiHeader({ name, description, required });

const answers = (...names: readonly (keyof typeof ANSWERED)[]) =>
  Object.fromEntries(
    names.map((name) => [name, { description: ANSWERED[name], schema: { type: 'string' } }]),
  );

const ANSWERED = {
  'Stratum-File-Id': 'Id of the file, once the upload has become one.',
  'Tus-Checksum-Algorithm': 'What `Upload-Checksum` may be of.',
  'Tus-Extension': 'What of tus is spoken here.',
  'Tus-Max-Size': 'Bytes that an upload may have.',
  'Tus-Version': 'Versions of tus that are spoken here.',
  'Upload-Concat': 'As it was sent.',
  'Upload-Defer-Length': '`1` while the length is not known.',
  'Upload-Expires': 'When the upload is given up, unless more bytes come.',
  'Upload-Length': 'Bytes of the whole.',
  'Upload-Metadata': 'As it was sent.',
  'Upload-Offset': 'Bytes that are durable.',
} as const;

const RESUMABLE = ApiHeader({
  name: 'Tus-Resumable',
  required: true,
  description: 'The version of tus.',
  schema: { type: 'string', enum: [TUS_VERSION] },
});
const CHECKSUM = header(
  'Upload-Checksum',
  'Of the bytes of this request: `sha256` or `sha1`, and the checksum in base64. They are kept if it is right, or not at all.',
);
const OVER = { 404: ['upload-not-found'], 410: ['upload-gone'] } as const;
const OF_BYTES = {
  408: ['request-timeout'],
  415: ['unsupported-media-type', 'unsupported-content-encoding'],
  423: ['upload-locked'],
  429: ['too-many-uploads'],
  460: ['upload-checksum-mismatch'],
  500: ['content-hash-conflict'],
  503: ['upload-slots-busy', 'storage-unavailable', 'transaction-conflict', 'outcome-unknown'],
  507: ['storage-full', 'quota-exceeded'],
} as const;

const BYTES = (): MethodDecorator =>
  applyDecorators(
    ApiConsumes(OFFSET_STREAM),
    ApiBody({ required: false, schema: { type: 'string', format: 'binary' } }),
  );

export const ApiUploadId = (): MethodDecorator =>
  applyDecorators(
    ApiParam({ name: 'id', type: 'string', format: 'uuid', description: 'Id of an upload.' }),
    RESUMABLE,
    ApiProblems({ ...OVER, 412: ['tus-version'] }),
  );

export const ApiUploadOptions = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'Ask what of tus is spoken here' }),
    ApiResponse({
      status: 204,
      headers: answers('Tus-Version', 'Tus-Extension', 'Tus-Max-Size', 'Tus-Checksum-Algorithm'),
    }),
  );

export const ApiCreateUpload = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Begin a resumable upload',
      description: `tus ${TUS_VERSION} (https://tus.io/protocols/resumable-upload): any client of it does. The upload can bring its first bytes, or all. With \`Upload-Concat: final;…\` finished parts are put together, and the answer comes when they are a file.`,
    }),
    RESUMABLE,
    header('Upload-Length', 'Bytes of the whole.'),
    header('Upload-Defer-Length', '`1`: the length is told with a later request.'),
    header(
      'Upload-Metadata',
      'Keys with values in base64: `filename`, `fileType`, `mimeType`, and `sha256`, which the whole must have. Others are kept and sent back.',
    ),
    header('Upload-Concat', '`partial` for a part, `final;` and the paths of parts for the whole.'),
    CHECKSUM,
    ApiIdempotencyKey(),
    AnswersWith('Location'),
    BYTES(),
    ApiResponse({
      status: 201,
      headers: answers('Upload-Offset', 'Upload-Expires', 'Stratum-File-Id'),
    }),
    ApiProblems({
      ...OF_BYTES,
      ...OVER,
      400: ['validation-failed', 'request-aborted'],
      403: ['upload-is-final'],
      409: ['upload-parts-unfinished', 'upload-offset-mismatch', 'idempotency-in-progress'],
      412: ['tus-version'],
      413: ['upload-too-large', 'upload-length-exceeded'],
      422: ['digest-mismatch', 'idempotency-key-reused'],
    }),
  );

export const ApiHeadUpload = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'Ask where an upload goes on' }),
    ApiUploadId(),
    ApiResponse({
      status: 200,
      headers: answers(
        'Upload-Offset',
        'Upload-Length',
        'Upload-Defer-Length',
        'Upload-Metadata',
        'Upload-Concat',
        'Upload-Expires',
        'Stratum-File-Id',
      ),
    }),
  );

export const ApiAppendUpload = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Send bytes of an upload',
      description:
        'They are added at the offset. What has come stays when the connection breaks: ask for the offset and go on from there. The answer to the last byte has the id of the file.',
    }),
    ApiUploadId(),
    header('Upload-Offset', 'Where the bytes belong: what the upload has already.', true),
    header('Upload-Length', 'Bytes of the whole, if that was deferred.'),
    CHECKSUM,
    BYTES(),
    ApiResponse({
      status: 204,
      headers: answers('Upload-Offset', 'Upload-Expires', 'Stratum-File-Id'),
    }),
    ApiProblems({
      ...OF_BYTES,
      400: ['validation-failed', 'request-aborted'],
      403: ['upload-is-final'],
      409: ['upload-offset-mismatch'],
      413: ['upload-too-large', 'upload-length-exceeded'],
      422: ['digest-mismatch'],
    }),
  );

export const ApiEndUpload = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'End an upload',
      description:
        'What has come of it is removed; a request that still sends to it is ended with 410. A file that it has become already stays.',
    }),
    ApiUploadId(),
    ApiProblems({ 503: ['transaction-conflict', 'outcome-unknown'] }),
  );
