import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { IdempotencyService } from '../../core/idempotency/idempotency.service.js';
import { toBatchTagResultDto, toDatasetDto } from '../datasets.mapper.js';
import { ApiIdempotencyKey } from '../datasets.openapi.js';
import { DatasetsService } from '../datasets.service.js';
import { TagsService } from '../tags/tags.service.js';
import { BatchGetDto, BatchGetResultDto } from './dto/batch-get.dto.js';
import { BatchTagDto, BatchTagResultDto } from './dto/batch-tag.dto.js';

/** Many datasets in one request. */
@ApiTags('datasets')
@Controller('datasets')
export class BatchesController {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly tags: TagsService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /**
   * Describe many datasets.
   *
   * @remarks One that the caller may not read is answered like one that does not exist.
   */
  @Post('batch-get')
  @HttpCode(200)
  @RequirePermission('datasets:read')
  async get(@Caller() caller: Principal, @Body() { ids }: BatchGetDto): Promise<BatchGetResultDto> {
    const datasets = await this.datasets.getAll(caller, ids);
    return {
      items: datasets.flatMap((dataset) => (dataset ? [toDatasetDto(dataset)] : [])),
      notFound: ids.filter((_, index) => !datasets[index]),
    };
  }

  /**
   * Add and remove tags of many datasets.
   *
   * @remarks All or nothing. Adding a tag that is there, and removing one that isn't, changes nothing.
   */
  @Post('batch-tag')
  @HttpCode(200)
  @RequirePermission('datasets:write')
  @ApiIdempotencyKey()
  @ApiProblems({
    404: ['dataset-not-found'],
    409: ['idempotency-in-progress'],
    422: ['idempotency-key-reused'],
  })
  async tag(
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: BatchTagDto,
  ): Promise<BatchTagResultDto> {
    const scope = { principalId: caller.id, route: 'POST /v1/datasets/batch-tag', key };
    return await this.idempotency.once<BatchTagResultDto>(scope, body, async (record) =>
      toBatchTagResultDto(
        await this.tags.changeAll(caller, body.datasetIds, body, (tx, changed) =>
          record(tx, toBatchTagResultDto(changed)),
        ),
      ),
    );
  }
}
