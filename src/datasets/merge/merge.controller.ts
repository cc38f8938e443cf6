import { applyDecorators, Body, Controller, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { DatasetView } from '../../core/contracts/dataset-repository.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { IdempotencyService } from '../../core/idempotency/idempotency.service.js';
import {
  ApiDatasetKey,
  ApiIdempotencyKey,
  ApiVersionRef,
  COMMIT_PROBLEMS,
} from '../datasets.openapi.js';
import { DatasetsService } from '../datasets.service.js';
import { VersionDto } from '../versions/dto/version.dto.js';
import { toVersionDto } from '../versions/versions.mapper.js';
import { MergeDto } from './dto/merge.dto.js';
import { RestoreVersionDto } from './dto/restore-version.dto.js';
import { MergeService, type Derived, type RecordDerived } from './merge.service.js';

const PROBLEMS = {
  ...COMMIT_PROBLEMS,
  404: ['dataset-not-found', 'version-not-found'],
  409: ['path-conflict', 'idempotency-in-progress'],
  410: ['version-deleted'],
  412: ['parent-not-head'],
} as const;

const ApiDerived = (): MethodDecorator =>
  applyDecorators(
    AnswersWith('Location'),
    ApiCreatedResponse({ type: VersionDto, description: 'The version that was made.' }),
    ApiOkResponse({
      type: VersionDto,
      description: 'There was nothing to do: the head as it was.',
    }),
  );

/** A request of a caller who may change the dataset. */
interface Asked {
  caller: Principal;
  id: string;
  key: string | undefined;
  route: string;
  body: object;
}

@Controller('datasets/:id')
export class MergeController {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly merges: MergeService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /**
   * Make a new version that shows what an earlier one shows.
   *
   * @remarks A rollback: nothing is taken back, and both versions stay.
   */
  @Post('versions/:ref/restore')
  @ApiTags('versions')
  @RequirePermission('datasets:write', 'writer')
  @ApiVersionRef()
  @ApiIdempotencyKey()
  @ApiDerived()
  @ApiProblems(PROBLEMS)
  async restore(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('ref') ref: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: RestoreVersionDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<VersionDto> {
    const route = 'POST /v1/datasets/{id}/versions/{ref}/restore';
    const { branch, message, parent } = body;
    return await this.answer(
      { caller, id, key, route, body: { ref, branch, message, parent } },
      response,
      (dataset, record) =>
        this.merges.restore(caller, dataset, ref, { branch, message, parent }, record),
    );
  }

  /**
   * Merge a branch into another.
   *
   * @remarks Three-way, file by file, against the newest version that both have taken in. The new
   * version tells its changes against the target; `mergedId` names the other side.
   */
  @Post('merge')
  @ApiTags('refs')
  @RequirePermission('datasets:write', 'writer')
  @ApiDatasetKey()
  @ApiIdempotencyKey()
  @ApiDerived()
  @ApiProblems({ ...PROBLEMS, 409: ['merge-conflict', ...PROBLEMS[409]] })
  async merge(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: MergeDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<VersionDto> {
    const route = 'POST /v1/datasets/{id}/merge';
    const { target: branch, message, parent, strategy } = body;
    const request = { source: String(body.source), branch, message, parent, strategy };
    return await this.answer(
      { caller, id, key, route, body: request },
      response,
      (dataset, record) => this.merges.merge(caller, dataset, request, record),
    );
  }

  private async answer(
    { caller, id, key, route, body }: Asked,
    response: Response,
    work: (dataset: DatasetView, record: RecordDerived) => Promise<Derived>,
  ): Promise<VersionDto> {
    const dataset = await this.datasets.getAs(caller, id, 'writer');
    const scope = { principalId: caller.id, route, key };
    const request = { datasetId: dataset.id, ...body };
    const { isNew, version } = await this.idempotency.once<Answer>(scope, request, async (record) =>
      toAnswer(await work(dataset, (tx, derived) => record(tx, toAnswer(derived)))),
    );
    response.status(isNew ? 201 : 200);
    response.location(`/v1/datasets/${dataset.id}/versions/${version.versionNumber}`);
    return version;
  }
}

/** A repeat is told the same, and by the same status. */
interface Answer {
  isNew: boolean;
  version: VersionDto;
}

const toAnswer = ({ isNew, version }: Derived): Answer => ({
  isNew,
  version: toVersionDto(version),
});
