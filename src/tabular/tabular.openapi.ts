import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import { AnswersWith } from '../core/http/api-headers.js';
import { ApiProblems } from '../core/http/api-problems.js';

/** Of every route that reads tables: it may take long, and the file may be no table. */
export const ReadsTables = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'Prefer',
      required: false,
      description:
        '`wait=N`: seconds to wait for what takes long (default 10, at most 60) before the answer is 202.',
      schema: { type: 'string', example: 'wait=20' },
    }),
    ApiResponse({
      status: 202,
      description:
        'It takes longer. The work goes on as the job at `Location`; when that has succeeded, the same request is answered at once.',
      headers: {
        Location: { schema: { type: 'string' }, description: 'Path of the job.' },
        'Retry-After': { schema: { type: 'integer' }, description: 'Seconds to look again after.' },
      },
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['jobId', 'status'],
            properties: { jobId: { type: 'string', format: 'uuid' }, status: { type: 'string' } },
          },
        },
      },
    }),
    AnswersWith(),
    ApiProblems({
      400: ['validation-failed', 'read-options-invalid'],
      404: ['dataset-not-found', 'version-not-found', 'path-not-found'],
      422: [
        'not-tabular',
        'table-unreadable',
        'too-many-tables',
        'engine-deadline',
        'engine-memory',
        'engine-disk',
        'engine-crashed',
        'content-quarantined',
      ],
      429: ['too-many-jobs'],
      500: ['object-missing', 'object-corrupt'],
      503: ['engine-busy', 'storage-unavailable'],
      507: ['storage-full'],
    }),
  );
