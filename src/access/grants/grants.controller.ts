import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { PageQuery } from '../../core/http/page.query.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { GrantDto, GrantPageDto, PutGrantDto } from './dto/grant.dto.js';
import { toGrantDto } from './grants.mapper.js';
import { GrantsService } from './grants.service.js';

/** One of both ids: a form that was filled in from the schema would have both. */
const EXAMPLES = {
  'to a user': { value: { userId: 'ada', role: 'reader' } },
  'to a group': { value: { groupId: 'climate-team', role: 'writer' } },
};

@ApiTags('access')
@ApiParam({ name: 'id', description: 'Id or slug of a dataset.', example: 'seattle-weather' })
@Controller('datasets/:id/grants')
export class GrantsController {
  constructor(private readonly grants: GrantsService) {}

  /**
   * List who was given which role on a dataset.
   *
   * @remarks Grants on a deleted dataset permit nothing, and count again when it is restored: to list or to
   * take away those, restore it first.
   */
  @Get()
  @RequirePermission('grants:read', 'admin')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'], 404: ['dataset-not-found'] })
  async list(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: PageQuery,
  ): Promise<GrantPageDto> {
    const { items, nextCursor } = await this.grants.list(caller, id, query);
    return { items: items.map(toGrantDto), nextCursor };
  }

  /**
   * Give a user or a group a role on a dataset.
   *
   * @remarks In place of the role that they were given before. Of several roles, by groups and by oneself,
   * the highest counts.
   */
  @Post()
  @RequirePermission('grants:write', 'admin')
  @ApiBody({ type: PutGrantDto, examples: EXAMPLES })
  @ApiCreatedResponse({ type: GrantDto, description: 'It was given.' })
  @ApiOkResponse({ type: GrantDto, description: 'They had a role, which is this one now.' })
  @ApiProblems({ 404: ['dataset-not-found', 'user-not-found', 'group-not-found'] })
  async put(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() { role, userId, groupId }: PutGrantDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<GrantDto> {
    const { grant, isNew } = await this.grants.put(caller, id, { userId, groupId }, role);
    response.status(isNew ? 201 : 200);
    return toGrantDto(grant);
  }

  /** Take a role away. */
  @Delete(':grantId')
  @HttpCode(204)
  @RequirePermission('grants:write', 'admin')
  @ApiProblems({ 404: ['dataset-not-found', 'grant-not-found'] })
  async remove(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('grantId') grantId: string,
  ): Promise<void> {
    await this.grants.remove(caller, id, grantId);
  }
}
