import { Body, Controller, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { ApiIdempotencyKey } from '../../core/http/idempotency-key.openapi.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { IdempotencyService } from '../../core/idempotency/idempotency.service.js';
import { COMMIT_PROBLEMS } from '../../datasets/index.js';
import { PublicationDto } from './dto/publication.dto.js';
import { PublishDto } from './dto/publish.dto.js';
import { PublishingService, type PublishRequest } from './publishing.service.js';

const EXAMPLES = {
  'a new dataset': {
    value: {
      dataset: { name: 'Weather sample', tags: ['sample'] },
      outputs: [{ name: 'sample', path: 'data/sample.parquet' }],
    },
  },
  'a new version': {
    value: { datasetId: 'seattle-weather', message: 'A sample beside the table' },
  },
};

@ApiTags('jobs')
@Controller('jobs')
export class PublishingController {
  constructor(
    private readonly publishing: PublishingService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /**
   * Publish what a job has made: as a new dataset, or as a new version of one.
   *
   * @remarks One transaction, with its lineage: the version says which job has made it. The outputs stay the
   * job's, too; when the job is forgotten the version keeps them.
   */
  @Post(':id/publish')
  @ApiBody({ type: PublishDto, examples: EXAMPLES })
  @RequirePermission('datasets:write')
  @ApiIdempotencyKey()
  @AnswersWith('Location')
  @ApiProblems({
    ...COMMIT_PROBLEMS,
    404: ['job-not-found', 'dataset-not-found', 'version-not-found', 'file-not-found'],
    409: ['job-not-succeeded', 'slug-taken', 'path-conflict', 'idempotency-in-progress'],
    412: ['parent-not-head'],
  })
  async publish(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: PublishDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PublicationDto> {
    const scope = { principalId: caller.id, route: 'POST /v1/jobs/{id}/publish', key };
    const request = requestOf(body);
    const made = await this.idempotency.once<PublicationDto>(
      scope,
      { jobId: id, ...request },
      async (record) => await this.publishing.publish(caller, id, request, record),
    );
    response.location(`/v1/datasets/${made.datasetId}/versions/${made.versionNumber}`);
    return made;
  }
}

/** @throws ValidationFailedError when it is neither, or both */
function requestOf({ outputs, dataset, datasetId, ...how }: PublishDto): PublishRequest {
  const { branch, parent, message } = how;
  if ((dataset === undefined) === (datasetId === undefined)) {
    throw ValidationFailedError.of('/datasetId', 'either dataset or datasetId must be there');
  }
  const list = outputs ?? null;
  if (datasetId !== undefined) {
    const target = { datasetId, branch: branch ?? 'main', parent: parent ?? undefined, message };
    return { outputs: list, target };
  }
  for (const [name, value] of Object.entries({ branch, parent, message })) {
    if (value !== undefined && value !== null) {
      throw ValidationFailedError.of(`/${name}`, 'goes with datasetId only');
    }
  }
  return { outputs: list, target: { dataset: dataset as NonNullable<typeof dataset> } };
}
