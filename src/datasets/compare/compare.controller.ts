import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ApiDatasetKey } from '../datasets.openapi.js';
import { DatasetsService } from '../datasets.service.js';
import { cacheControl, isPinned } from '../refs/ref-names.js';
import { toDiffEntryDto } from './compare.mapper.js';
import { CompareService } from './compare.service.js';
import { DiffPageDto } from './dto/diff.dto.js';
import { DiffQuery } from './dto/diff.query.js';

@ApiTags('versions')
@Controller('datasets/:id/diff')
export class CompareController {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly comparisons: CompareService,
  ) {}

  /** Compare two versions of a dataset, file by file, in the order of the bytes of their paths. */
  @Get()
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  @ApiProblems({
    400: ['validation-failed', 'cursor-mismatch'],
    404: ['dataset-not-found', 'version-not-found'],
    410: ['version-deleted'],
  })
  async diff(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() { base, head, cursor, limit }: DiffQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DiffPageDto> {
    const dataset = await this.datasets.get(caller, id);
    const { items, nextCursor } = await this.comparisons.diff(
      dataset,
      { base, head },
      { cursor, limit },
    );
    response.set('Cache-Control', cacheControl(isPinned(base) && isPinned(head)));
    return { items: items.map(toDiffEntryDto), nextCursor };
  }
}
