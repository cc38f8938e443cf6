import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { waitPreferredBy } from '../../core/http/prefer.js';
import { ApiVersionRef, cacheControl, isPinned } from '../../datasets/index.js';
import { PendingAnswers } from '../operations/pending-answers.service.js';
import { TableSources } from '../sources/table-sources.service.js';
import { FolderTables } from '../tables/folder-tables.service.js';
import { outputOrAccepted } from '../tabular-answers.js';
import { ReadsTables } from '../tabular.openapi.js';
import { RowsDto } from './dto/rows.dto.js';
import { RowsQuery } from './dto/rows.query.js';
import { cursorOf, placeIn, toRowsDto } from './rows.mapper.js';
import { parseSelection } from './parse-selection.js';

@ApiTags('tables')
@Controller('datasets/:id/versions/:ref')
export class RowsController {
  constructor(
    private readonly sources: TableSources,
    private readonly folders: FolderTables,
    private readonly answers: PendingAnswers,
  ) {}

  /**
   * Read rows of a file of a version.
   *
   * @remarks Any file that is a table: CSV, Parquet, JSON, Arrow, Excel. In the order of the file, or as
   * asked for; pages are stable, also when the branch has moved on. The first call needs no preparation.
   */
  @Get('rows')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ReadsTables()
  @ApiOkResponse({ type: RowsDto })
  @ApiProblems({
    400: [
      'validation-failed',
      'read-options-invalid',
      'cursor-mismatch',
      'filter-invalid',
      'column-unknown',
    ],
  })
  async rows(
    @Caller() caller: Principal,
    @Param('id') datasetKey: string,
    @Param('ref') ref: string,
    @Query() query: RowsQuery,
    @Headers('prefer') prefer: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const selection = parseSelection(query);
    const place = placeIn(query, { datasetKey, ref });
    const source = await this.sources.resolve(caller, {
      datasetKey,
      ref: place?.version ?? ref,
      path: query.path,
    });
    const { files } = await this.folders.of(source, query.options, caller.id);
    const { options: given, limit, cellLimit } = query;
    const input = { files, given, selection, after: place?.after ?? null, limit, cellLimit };
    const wait = waitPreferredBy(prefer);
    const output = outputOrAccepted(
      response,
      await this.answers.within(caller, 'rows', input, wait),
    );
    if (output === null) return;
    const cursor = cursorOf(query, { datasetKey, ref }, source.version.id);
    response
      .set('Cache-Control', cacheControl(isPinned(ref)))
      .json(toRowsDto(output, files, cursor));
  }
}
