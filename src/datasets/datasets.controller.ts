import { Body, Controller, Get, Headers, Param, Patch, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Principal } from '../core/contracts/principal.contract.js';
import { AnswersWith } from '../core/http/api-headers.js';
import { ApiProblems } from '../core/http/api-problems.js';
import { Caller, RequirePermission } from '../core/http/permissions.js';
import { etagOf, isExpectedBy } from './dataset-etag.js';
import { toDatasetDto } from './datasets.mapper.js';
import { ApiDatasetKey, ApiIfMatch } from './datasets.openapi.js';
import { DatasetsService } from './datasets.service.js';
import { DatasetDto, DatasetPageDto } from './dto/dataset.dto.js';
import { PatchDatasetDto } from './dto/dataset-fields.dto.js';
import { ListDatasetsQuery } from './dto/list-datasets.query.js';
import { parseTags } from './tags/parse-tag.js';

@ApiTags('datasets')
@Controller('datasets')
export class DatasetsController {
  constructor(private readonly datasets: DatasetsService) {}

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
  @AnswersWith('ETag')
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const dataset = await this.datasets.get(caller, id);
    // The ETag guards edits. A commit changes the answer and not the ETag, so none is a 304.
    delete request.headers['if-none-match'];
    response.set('ETag', etagOf(dataset));
    return toDatasetDto(dataset);
  }

  /**
   * Edit what is said of a dataset.
   *
   * @remarks Fields that are left out stay as they are; `tags` and `metadata` are replaced as a whole.
   * `slug`, `visibility` and `ownerId` need the role admin. An owner who wants to be none makes somebody else
   * an admin of the dataset, who takes it: only admins of the installation give it to another.
   */
  @Patch(':id')
  @AnswersWith('ETag')
  @RequirePermission('datasets:write', 'writer')
  @ApiDatasetKey()
  @ApiIfMatch()
  @ApiProblems({
    404: ['dataset-not-found', 'user-not-found'],
    409: ['slug-taken'],
    507: ['quota-exceeded'],
  })
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
