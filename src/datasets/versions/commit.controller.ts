import { Controller, Headers, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiExtension, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { AlsoStreamed, JsonBodyLimit } from '../../core/http/json-body.guard.js';
import { MORE_BODIES } from '../../core/http/more-bodies.extension.js';
import { NDJSON } from '../../core/http/ndjson-reader.js';
import { Caller, callerAfterBody, RequirePermission } from '../../core/http/permissions.js';
import { IdempotencyService } from '../../core/idempotency/idempotency.service.js';
import { ApiDatasetKey, ApiIdempotencyKey, COMMIT_PROBLEMS } from '../datasets.openapi.js';
import { DatasetsService } from '../datasets.service.js';
import { CommitBodyReader, toLine } from './commit-body.js';
import { CommitService } from './commit.service.js';
import { CommitDto } from './dto/commit.dto.js';
import { VersionDto } from './dto/version.dto.js';
import { toVersionDto } from './versions.mapper.js';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** The first works on any dataset, with the first file that was uploaded. */
const EXAMPLES = {
  'a file': {
    value: {
      message: 'Add the weather',
      changes: [{ op: 'put', path: 'data/weather.csv', fileId: 1 }],
    },
  },
  'several changes, on a version': {
    value: {
      message: 'Correct the units of wind',
      parent: 1,
      changes: [
        { op: 'put', path: 'data/weather.csv', fileId: 2 },
        { op: 'move', from: 'old.csv', path: 'archive/old.csv' },
        { op: 'delete', path: 'draft.csv' },
      ],
    },
  },
  'rows of a table': {
    value: {
      message: 'Correct a reading',
      changes: [
        {
          op: 'patch',
          path: 'data/weather.csv',
          key: ['date'],
          upserts: [{ date: '2012-01-01', wind: 4.7 }],
          deletes: [{ date: '2012-01-02' }],
        },
      ],
    },
  },
};
const NDJSON_BODY = {
  schema: {
    type: 'string',
    description:
      'First line: the object of the JSON form without `changes`. Every other line: one change. At most 1,000,000 changes, 128 KiB a line, 512 MiB in all.',
    example: `{"message":"Correct the units of wind"}
{"op":"put","path":"data/weather.csv","fileId":1}
`,
  },
};

@ApiTags('versions')
@Controller('datasets/:id/versions')
export class CommitController {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly commits: CommitService,
    private readonly bodies: CommitBodyReader,
    private readonly idempotency: IdempotencyService,
  ) {}

  /**
   * Commit changes as a new version.
   *
   * @remarks What is not changed stays as the parent has it. All changes hold or none. A large commit comes
   * as `application/x-ndjson`: a line for each change.
   */
  @Post()
  @RequirePermission('datasets:write', 'writer')
  @JsonBodyLimit(MAX_BODY_BYTES)
  @AlsoStreamed(NDJSON)
  @ApiBody({ type: CommitDto, examples: EXAMPLES })
  @ApiExtension(MORE_BODIES, { [NDJSON]: NDJSON_BODY })
  @ApiDatasetKey()
  @ApiIdempotencyKey()
  @AnswersWith('Location')
  @ApiProblems({
    ...COMMIT_PROBLEMS,
    400: ['validation-failed', 'malformed-body', 'request-aborted'],
    404: ['dataset-not-found', 'version-not-found', 'file-not-found'],
    409: [
      'path-absent',
      'path-exists',
      'path-conflict',
      'patch-key-ambiguous',
      'idempotency-in-progress',
    ],
    412: ['parent-not-head'],
    413: ['patch-too-large'],
    422: ['idempotency-key-reused', 'not-tabular', 'table-unreadable', 'patch-impossible'],
  })
  async commit(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Req() http: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<VersionDto> {
    const dataset = await this.datasets.getAs(caller, id, 'writer');
    const request = { datasetId: dataset.id, ...(await this.bodies.read(http, response)) };
    const now = await callerAfterBody(http);
    const scope = { principalId: now.id, route: 'POST /v1/datasets/{id}/versions', key };
    const version = await this.idempotency.once<VersionDto>(scope, request, async (record) =>
      toVersionDto(
        await this.commits.commit(now, request, {
          after: (tx, made) => record(tx, toVersionDto(made)),
          ...(http.is(NDJSON) && { pointerOf: toLine }),
        }),
      ),
    );
    response.location(`/v1/datasets/${dataset.id}/versions/${version.versionNumber}`);
    return version;
  }
}
