import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ListTagsQuery } from './dto/list-tags.query.js';
import { RenamedTagDto, RenameTagDto } from './dto/rename-tag.dto.js';
import { TagPageDto } from './dto/tag.dto.js';
import { TagsService } from './tags.service.js';

@ApiTags('tags')
@Controller('tags')
export class TagsController {
  constructor(private readonly tags: TagsService) {}

  /** List the tags of the datasets that the caller may read. */
  @Get()
  @RequirePermission('datasets:read')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(@Caller() caller: Principal, @Query() query: ListTagsQuery): Promise<TagPageDto> {
    return await this.tags.list(caller, query);
  }

  /**
   * Rename a tag, or merge it into another.
   *
   * @remarks On every dataset that the caller may change; others keep it. A dataset that has both tags keeps
   * the new one alone. All or nothing; of at most 10,000 datasets in one request.
   */
  @Patch(':tag')
  @RequirePermission('datasets:write')
  @ApiParam({ name: 'tag', example: 'climat' })
  @ApiProblems({
    404: ['tag-not-found'],
    409: ['tag-too-common'],
  })
  async rename(
    @Caller() caller: Principal,
    @Param('tag') tag: string,
    @Body() { name }: RenameTagDto,
  ): Promise<RenamedTagDto> {
    return await this.tags.rename(caller, tag, name);
  }
}
