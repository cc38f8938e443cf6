import { Controller, Delete, Get, Headers, HttpCode, Param, Put, Res } from '@nestjs/common';
import { ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { etagOf, isExpectedBy } from '../dataset-etag.js';
import { ApiDatasetKey, ApiIfMatch } from '../datasets.openapi.js';
import { TagPageDto } from './dto/tag.dto.js';
import { TagsService } from './tags.service.js';

const EDIT_PROBLEMS = { 400: ['validation-failed'] } as const;

@ApiTags('tags')
@Controller('datasets/:id/tags')
export class DatasetTagsController {
  constructor(private readonly tags: TagsService) {}

  /** List the tags of a dataset, all of them on one page. */
  @Get()
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  async list(@Caller() caller: Principal, @Param('id') id: string): Promise<TagPageDto> {
    return { items: await this.tags.of(caller, id), nextCursor: null };
  }

  /**
   * Give a dataset a tag.
   *
   * @remarks An edit of the dataset: its ETag changes, and comes with the answer. A tag that is there already
   * changes nothing. A dataset has at most 50.
   */
  @Put(':tag')
  @AnswersWith('ETag')
  @RequirePermission('datasets:write', 'writer')
  @ApiDatasetKey()
  @ApiParam({ name: 'tag', example: 'climate' })
  @ApiIfMatch()
  @ApiResponse({ status: 200, type: TagPageDto, description: 'It was there already.' })
  @ApiResponse({ status: 201, type: TagPageDto, description: 'It is new.' })
  @ApiProblems(EDIT_PROBLEMS)
  async add(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('tag') tag: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TagPageDto> {
    const { isNew, dataset } = await this.tags.add(caller, id, tag, isExpectedBy(ifMatch));
    response.status(isNew ? 201 : 200).set('ETag', etagOf(dataset));
    return { items: await this.tags.of(caller, dataset.id), nextCursor: null };
  }

  /**
   * Take a tag from a dataset.
   *
   * @remarks An edit of the dataset: its ETag changes, and comes with the answer.
   */
  @Delete(':tag')
  @AnswersWith('ETag')
  @HttpCode(204)
  @RequirePermission('datasets:write', 'writer')
  @ApiDatasetKey()
  @ApiParam({ name: 'tag', example: 'climate' })
  @ApiIfMatch()
  @ApiProblems({ ...EDIT_PROBLEMS, 404: ['dataset-not-found', 'tag-not-found'] })
  async remove(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('tag') tag: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const dataset = await this.tags.remove(caller, id, tag, isExpectedBy(ifMatch));
    response.set('ETag', etagOf(dataset));
  }
}
