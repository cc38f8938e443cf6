import { Body, Controller, Get, Headers, Param, Patch, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../core/contracts/principal.contract.js';
import { ApiProblems } from '../core/http/api-problems.js';
import { listsEtag } from '../core/http/content/conditions.js';
import { Caller, RequirePermission } from '../core/http/permissions.js';
import { toDatasetDto } from './datasets.mapper.js';
import { ApiDatasetKey } from './datasets.openapi.js';
import { DatasetsService } from './datasets.service.js';
import { DatasetDto, DatasetPageDto } from './dto/dataset.dto.js';
import { PatchDatasetDto } from './dto/dataset-fields.dto.js';
import { PageQuery } from './dto/page.query.js';

const etagOf = ({ revision }: { revision: number }): string => `"${revision}"`;

@ApiTags('datasets')
@Controller('datasets')
export class DatasetsController {
  constructor(private readonly datasets: DatasetsService) {}

  /** List the datasets that the caller may read, newest first. */
  @Get()
  @RequirePermission('datasets:read')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<DatasetPageDto> {
    const { items, nextCursor } = await this.datasets.list(caller, query);
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
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'Edit only while this is the ETag.',
  })
  @ApiProblems({ 409: ['slug-taken'], 412: ['etag-mismatch'] })
  async patch(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: PatchDatasetDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const isExpected = (revision: number): boolean =>
      ifMatch === undefined || listsEtag(ifMatch, etagOf({ revision }), 'strong');
    const dataset = await this.datasets.patch(caller, id, body, isExpected);
    response.set('ETag', etagOf(dataset));
    return toDatasetDto(dataset);
  }
}
