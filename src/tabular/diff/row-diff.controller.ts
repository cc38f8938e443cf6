import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { waitPreferredBy } from '../../core/http/prefer.js';
import { ApiDatasetKey, cacheControl, isPinned } from '../../datasets/index.js';
import { PendingAnswers } from '../operations/pending-answers.service.js';
import { outputOrAccepted } from '../tabular-answers.js';
import { ReadsTables } from '../tabular.openapi.js';
import { DiffSides } from './diff-sides.service.js';
import { RowDiffDto } from './dto/row-diff.dto.js';
import { RowDiffQuery } from './dto/row-diff.query.js';
import { parseDiff } from './parse-diff.js';
import { cursorOf, placeIn, toRowDiffDto } from './row-diff.mapper.js';

@ApiTags('tables')
@Controller('datasets/:id/diff')
export class RowDiffController {
  constructor(
    private readonly sides: DiffSides,
    private readonly answers: PendingAnswers,
  ) {}

  /**
   * Compare the rows of a file in two versions.
   *
   * @remarks How many were inserted, updated and deleted, and which ones, in pages; of an updated row each
   * cell before and after. It is made once and kept. For files of other datasets, and for the changes as a
   * file, there is the job `diff`.
   */
  @Get('rows')
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  @ReadsTables()
  @ApiOkResponse({ type: RowDiffDto })
  @ApiProblems({
    400: [
      'validation-failed',
      'read-options-invalid',
      'cursor-mismatch',
      'filter-invalid',
      'column-unknown',
      'diff-invalid',
    ],
    410: ['version-deleted'],
    422: ['key-not-unique'],
  })
  async diff(
    @Caller() caller: Principal,
    @Param('id') datasetKey: string,
    @Query() query: RowDiffQuery,
    @Headers('prefer') prefer: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const spec = parseDiff(query);
    const place = placeIn(query, datasetKey);
    const { options, basePath = query.path, headPath = query.path, change = null, limit } = query;
    const refs = { base: place?.base ?? query.base, head: place?.head ?? query.head };
    const { base, head, versions } = await this.sides.of(caller, {
      datasetKey,
      options,
      base: { ref: refs.base, path: basePath },
      head: { ref: refs.head, path: headPath },
    });
    const input = { base, head, spec, change, after: place?.after ?? null, limit };
    const answer = await this.answers.within(caller, 'rowDiff', input, waitPreferredBy(prefer));
    const output = outputOrAccepted(response, answer);
    if (output === null) return;
    const pinned = isPinned(query.base) && isPinned(query.head);
    response
      .set('Cache-Control', cacheControl(pinned))
      .json(toRowDiffDto(output, cursorOf(query, datasetKey, versions)));
  }
}
