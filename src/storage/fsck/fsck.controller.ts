import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { PageQuery } from '../../core/http/page.query.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { FsckRunDetailDto, FsckRunPageDto } from './dto/fsck-run.dto.js';
import { StartFsckDto } from './dto/start-fsck.dto.js';
import { FsckRuns } from './fsck-runs.service.js';
import { toFsckRunDetailDto, toFsckRunDto } from './fsck.mapper.js';

const AGAIN_AFTER_SECONDS = 2;

@ApiTags('operation')
@Controller('admin/fsck')
export class FsckController {
  constructor(private readonly runs: FsckRuns) {}

  /**
   * Check the store: that every file has its bytes, every object its file, and every count is right.
   *
   * @remarks It runs in the background, beside uploads and collectors; one at a time in an installation.
   * Ask at `Location` how far it is. With `repair` it mends what can be mended, marks what is lost, and
   * says who uses it; it deletes no bytes. For admins of the installation. `npm run fsck` does the same.
   */
  @Post()
  @HttpCode(202)
  @RequirePermission('storage:manage')
  @ApiAcceptedResponse({ type: FsckRunDetailDto, description: 'It was started.' })
  @AnswersWith('Location', 'Retry-After')
  @ApiProblems({ 409: ['fsck-running'] })
  async start(
    @Caller() caller: Principal,
    @Body() { readData = 0, repair = false }: StartFsckDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FsckRunDetailDto> {
    const run = await this.runs.start(caller, { readData, repair });
    response.location(`/v1/admin/fsck/${run.id}`).set('Retry-After', String(AGAIN_AFTER_SECONDS));
    return toFsckRunDetailDto(run);
  }

  /** List the checks of the store, newest first; the last 100 are kept. */
  @Get()
  @RequirePermission('storage:manage')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(@Query() query: PageQuery): Promise<FsckRunPageDto> {
    const { items, nextCursor } = await this.runs.list(query);
    return { items: items.map(toFsckRunDto), nextCursor };
  }

  /** How far a check is, and what it has found. */
  @Get(':id')
  @RequirePermission('storage:manage')
  @ApiProblems({ 404: ['fsck-run-not-found'] })
  async get(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FsckRunDetailDto> {
    const run = await this.runs.get(id);
    if (run.status === 'running') response.set('Retry-After', String(AGAIN_AFTER_SECONDS));
    return toFsckRunDetailDto(run);
  }

  /** Cancel a check. What it has mended stays mended; one that has ended stays as it is. */
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('storage:manage')
  @ApiProblems({ 404: ['fsck-run-not-found'] })
  async cancel(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    await this.runs.cancel(caller, id);
  }
}
