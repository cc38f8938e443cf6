import { Body, Controller, Delete, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { etagOf, isExpectedBy } from '../dataset-etag.js';
import { toDatasetDto } from '../datasets.mapper.js';
import { ApiDatasetKey, ApiVersionRef } from '../datasets.openapi.js';
import { DatasetDto } from '../dto/dataset.dto.js';
import { DeletionService } from './deletion.service.js';
import { RestoreDatasetDto } from './dto/restore-dataset.dto.js';

@Controller('datasets/:id')
export class DeletionController {
  constructor(private readonly deletions: DeletionService) {}

  /**
   * Delete a dataset.
   *
   * @remarks It is hidden at once, and can be restored for 7 days. Then its files are given
   * up; bytes go when nothing else uses them.
   */
  @Delete()
  @HttpCode(204)
  @ApiTags('datasets')
  @RequirePermission('datasets:write', 'admin')
  @ApiDatasetKey()
  @ApiHeader({ name: 'If-Match', required: false, description: 'Only while this is the ETag.' })
  @ApiProblems({ 412: ['etag-mismatch'] })
  async deleteDataset(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.deletions.deleteDataset(caller, id, isExpectedBy(ifMatch));
  }

  /** Restore a dataset that was deleted less than 7 days ago. */
  @Post('restore')
  @AnswersWith('ETag')
  @HttpCode(200)
  @ApiTags('datasets')
  @RequirePermission('datasets:write', 'admin')
  @ApiParam({ name: 'id', description: 'Id of the dataset, or the slug that it had.' })
  @ApiBody({ type: RestoreDatasetDto, examples: { 'with its old slug': { value: {} } } })
  @ApiProblems({ 404: ['dataset-not-found'], 409: ['slug-taken'] })
  async restoreDataset(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() { slug }: RestoreDatasetDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const dataset = await this.deletions.restoreDataset(caller, id, slug ?? null);
    response.set('ETag', etagOf(dataset));
    return toDatasetDto(dataset);
  }

  /**
   * Delete a version.
   *
   * @remarks Named by its number or id, it answers 410 at once; other versions keep what they show. A branch that was at it goes
   * back to the nearest version before it, or ends where there is none. It can't be restored.
   */
  @Delete('versions/:ref')
  @HttpCode(204)
  @ApiTags('versions')
  @RequirePermission('datasets:write', 'admin')
  @ApiVersionRef()
  @ApiProblems({ 400: ['validation-failed'] })
  async deleteVersion(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('ref') ref: string,
  ): Promise<void> {
    await this.deletions.deleteVersion(caller, id, ref);
  }
}
