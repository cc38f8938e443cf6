import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { hasEnded, type JobView } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { ApiIdempotencyKey } from '../../core/http/idempotency-key.openapi.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { IdempotencyService } from '../../core/idempotency/idempotency.service.js';
import { JobDto, JobPageDto } from './dto/job.dto.js';
import { ListJobsQuery } from './dto/list-jobs.query.js';
import { SubmitJobDto } from './dto/submit-job.dto.js';
import { toJobDto } from './jobs.mapper.js';
import { JobsService } from './jobs.service.js';

const AGAIN_AFTER_SECONDS = 1;

@ApiTags('jobs')
@Controller('jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /**
   * Submit a job: work that takes longer than a request.
   *
   * @remarks It is carried out in the background. Ask at `Location` what becomes of it, or follow its
   * events. What it makes are files: they are there when it has succeeded, and only then. The same job on
   * the same input makes the same bytes.
   */
  @Post()
  @HttpCode(202)
  @RequirePermission('jobs:write')
  @ApiIdempotencyKey()
  @ApiAcceptedResponse({ type: JobDto, description: 'It waits for a worker.' })
  @AnswersWith('Location', 'Retry-After')
  @ApiProblems({
    404: ['dataset-not-found', 'version-not-found', 'path-not-found'],
    409: ['idempotency-in-progress'],
    410: ['version-deleted'],
    422: ['idempotency-key-reused'],
    429: ['too-many-jobs'],
  })
  async submit(
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: SubmitJobDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDto> {
    const scope = { principalId: caller.id, route: 'POST /v1/jobs', key };
    const { deadline, ...asked } = body;
    const request = { ...asked, ...(deadline && { deadline: new Date(deadline) }) };
    const job = await this.idempotency.once<JobDto>(scope, body, async (record) =>
      toJobDto(
        await this.jobs.submitByCaller(caller, request, (tx, made) => record(tx, toJobDto(made))),
      ),
    );
    response.location(`/v1/jobs/${job.id}`).set('Retry-After', String(AGAIN_AFTER_SECONDS));
    return job;
  }

  /** List jobs, newest first: the caller's own; to admins of the installation those of all users. */
  @Get()
  @RequirePermission('jobs:read')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(@Caller() caller: Principal, @Query() query: ListJobsQuery): Promise<JobPageDto> {
    const { items, nextCursor } = await this.jobs.list(caller, query);
    return { items: items.map(toJobDto), nextCursor };
  }

  /** What has become of a job. */
  @Get(':id')
  @AnswersWith('ETag', 'Retry-After')
  @RequirePermission('jobs:read')
  @ApiProblems({ 404: ['job-not-found'] })
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDto> {
    const job = await this.jobs.find(caller, id);
    if (!hasEnded(job.status)) response.set('Retry-After', String(AGAIN_AFTER_SECONDS));
    response.set({ ETag: etagOf(job), 'Cache-Control': 'private, no-cache' });
    return toJobDto(job);
  }

  /** Cancel a job. One that has ended stays as it is, and so does what it has made. */
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('jobs:write')
  @ApiProblems({ 404: ['job-not-found'] })
  async cancel(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    await this.jobs.cancel(caller, id);
  }
}

const etagOf = ({ revision }: JobView): string => `"${revision}"`;
