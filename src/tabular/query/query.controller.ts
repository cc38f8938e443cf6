import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { Inject } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ENV, type Env } from '../../core/config/config.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { waitPreferredBy } from '../../core/http/prefer.js';
import type { QueryAnswer } from '../engine/child/tasks/query.task.js';
import { PendingAnswers } from '../operations/pending-answers.service.js';
import { TableSources } from '../sources/table-sources.service.js';
import { outputOrAccepted } from '../tabular-answers.js';
import { ReadsTables } from '../tabular.openapi.js';
import { QueryAnswerDto, RunQueryDto } from './dto/query.dto.js';
import { MAX_ANSWER_BYTES } from './queries.service.js';

@ApiTags('tables')
@Controller('query')
export class QueryController {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly sources: TableSources,
    private readonly answers: PendingAnswers,
  ) {}

  /**
   * Run a SELECT over the files of a version.
   *
   * @remarks One statement that reads, in a process of its own that sees nothing but these files.
   */
  @Post()
  @HttpCode(200)
  @RequirePermission('datasets:read')
  @ReadsTables()
  @ApiOkResponse({ type: QueryAnswerDto })
  @ApiProblems({
    400: ['validation-failed', 'malformed-body', 'sql-refused', 'sql-failed'],
    404: ['dataset-not-found', 'version-not-found', 'table-unknown'],
    410: ['version-deleted'],
  })
  async query(
    @Caller() caller: Principal,
    @Body() { datasetId, ref, sql, limit }: RunQueryDto,
    @Headers('prefer') prefer: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const version = await this.sources.versionOf(caller, { datasetKey: datasetId, ref });
    const files = await this.sources.below(version, '');
    const wait = waitPreferredBy(prefer);
    const answer = await this.answers.within(caller, 'query', { files, sql, limit }, wait);
    const output = outputOrAccepted(response, answer);
    if (output === null) return;
    const limits = {
      rows: limit,
      bytes: MAX_ANSWER_BYTES,
      seconds: this.env.QUERY_DEADLINE_SECONDS,
    };
    response
      .set('Cache-Control', 'private, no-cache')
      .json({ ...(JSON.parse(output) as QueryAnswer), limits } satisfies QueryAnswerDto);
  }
}
