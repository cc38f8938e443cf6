import { Body, Controller, Get, Headers, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../core/contracts/principal.contract.js';
import { ApiProblems } from '../core/http/api-problems.js';
import { JsonBodyLimit } from '../core/http/json-body.guard.js';
import { Caller, RequirePermission } from '../core/http/permissions.js';
import { IdempotencyService } from '../core/idempotency/idempotency.service.js';
import { etagOf, isExpectedBy } from './dataset-etag.js';
import { toDatasetDto } from './datasets.mapper.js';
import {
  ApiDatasetKey,
  ApiIdempotencyKey,
  ApiIfMatch,
  COMMIT_PROBLEMS,
} from './datasets.openapi.js';
import { DatasetsService } from './datasets.service.js';
import { CreateDatasetDto } from './dto/create-dataset.dto.js';
import { DatasetDto, DatasetPageDto } from './dto/dataset.dto.js';
import { PatchDatasetDto } from './dto/dataset-fields.dto.js';
import { ListDatasetsQuery } from './dto/list-datasets.query.js';
import { parseTags } from './tags/parse-tag.js';
import { parseFiles } from './versions/parse-changes.js';

const MAX_BODY_BYTES = 16 * 1024 * 1024;

@ApiTags('datasets')
@Controller('datasets')
export class DatasetsController {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /**
   * Create a dataset.
   *
   * @remarks With `files`, its first version is made in the same transaction: all or nothing.
   */
  @Post()
  @RequirePermission('datasets:write')
  @JsonBodyLimit(MAX_BODY_BYTES)
  @ApiIdempotencyKey()
  @ApiProblems({
    ...COMMIT_PROBLEMS,
    409: ['slug-taken', 'path-conflict', 'idempotency-in-progress'],
  })
  async create(
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: CreateDatasetDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const files = await parseFiles(body.files ?? []);
    const scope = { principalId: caller.id, route: 'POST /v1/datasets', key };
    const dataset = await this.idempotency.once<DatasetDto>(scope, body, async (record) =>
      toDatasetDto(
        await this.datasets.create(caller, Object.assign({}, body, { files }), (tx, made) =>
          record(tx, toDatasetDto(made)),
        ),
      ),
    );
    response.location(`/v1/datasets/${dataset.id}`);
    return dataset;
  }

  /** List the datasets that the caller may read, newest first. */
  @Get()
  @RequirePermission('datasets:read')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(
    @Caller() caller: Principal,
    @Query() query: ListDatasetsQuery,
  ): Promise<DatasetPageDto> {
    const { tag, tagMode, cursor, limit } = query;
    const tags = parseTags(tag, '/tag');
    const { items, nextCursor } = await this.datasets.list(caller, {
      tags,
      tagMode,
      cursor,
      limit,
    });
    return { items: items.map(toDatasetDto), nextCursor };
  }

  /** Describe a dataset. */
  @Get(':id')
  @RequirePermission('datasets:read')
  @ApiDatasetKey()
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const dataset = await this.datasets.get(caller, id);
    response.set('ETag', etagOf(dataset));
    return toDatasetDto(dataset);
  }

  /**
   * Edit what is said of a dataset.
   *
   * @remarks Fields that are left out stay as they are; `tags` and `metadata` are replaced as a whole.
   */
  @Patch(':id')
  @RequirePermission('datasets:write')
  @ApiDatasetKey()
  @ApiIfMatch()
  @ApiProblems({ 409: ['slug-taken'] })
  async patch(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: PatchDatasetDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const dataset = await this.datasets.patch(caller, id, body, isExpectedBy(ifMatch));
    response.set('ETag', etagOf(dataset));
    return toDatasetDto(dataset);
  }
}
