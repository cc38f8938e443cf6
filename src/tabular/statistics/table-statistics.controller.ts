import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { waitPreferredBy } from '../../core/http/prefer.js';
import { ApiVersionRef, cacheControl, isPinned } from '../../datasets/index.js';
import { TableQuery } from '../dto/table.query.js';
import { PendingAnswers } from '../operations/pending-answers.service.js';
import { TableSources } from '../sources/table-sources.service.js';
import { FolderTables } from '../tables/folder-tables.service.js';
import { outputOrAccepted } from '../tabular-answers.js';
import { ReadsTables } from '../tabular.openapi.js';
import { TableStatisticsDto } from './dto/statistics-of-table.dto.js';

@ApiTags('tables')
@Controller('datasets/:id/versions/:ref')
export class TableStatisticsController {
  constructor(
    private readonly sources: TableSources,
    private readonly folders: FolderTables,
    private readonly answers: PendingAnswers,
  ) {}

  /**
   * Read the statistics of a table.
   *
   * @remarks Of the whole file, column by column; each figure that is estimated says so. Computed once per
   * content, for every version and dataset that has it.
   */
  @Get('statistics')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ReadsTables()
  @ApiOkResponse({ type: TableStatisticsDto })
  async statistics(
    @Caller() caller: Principal,
    @Param('id') datasetKey: string,
    @Param('ref') ref: string,
    @Query() { path, options: given }: TableQuery,
    @Headers('prefer') prefer: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const source = await this.sources.resolve(caller, { datasetKey, ref, path });
    const { files } = await this.folders.of(source, given, caller.id);
    const wait = waitPreferredBy(prefer);
    const answer = await this.answers.within(caller, 'statistics', { files, given }, wait);
    const output = outputOrAccepted(response, answer);
    if (output === null) return;
    response
      .set('Cache-Control', cacheControl(isPinned(ref)))
      .type('json')
      .send(output);
  }
}
