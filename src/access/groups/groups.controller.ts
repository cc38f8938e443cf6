import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { ApiIdempotencyKey } from '../../core/http/idempotency-key.openapi.js';
import { PageQuery } from '../../core/http/page.query.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { IdempotencyService } from '../../core/idempotency/idempotency.service.js';
import { ApiGroupKey, ApiIfMatch, CREATE_PROBLEMS } from '../access.openapi.js';
import { etagOf, isExpectedBy } from '../edit-etag.js';
import { GroupDto, GroupPageDto } from './dto/group.dto.js';
import { CreateGroupDto, PatchGroupDto } from './dto/group-fields.dto.js';
import { toGroupDto } from './groups.mapper.js';
import { editable, GroupsService } from './groups.service.js';

@ApiTags('access')
@Controller('groups')
export class GroupsController {
  constructor(
    private readonly groups: GroupsService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /** Make a group. */
  @Post()
  @RequirePermission('groups:write')
  @ApiIdempotencyKey()
  @AnswersWith('Location')
  @ApiProblems({ ...CREATE_PROBLEMS, 409: [...CREATE_PROBLEMS[409], 'group-name-taken'] })
  async create(
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: CreateGroupDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<GroupDto> {
    const scope = { principalId: caller.id, route: 'POST /v1/groups', key };
    const group = await this.idempotency.once<GroupDto>(scope, body, async (record) =>
      toGroupDto(
        await this.groups.create(caller, body, (tx, made) => record(tx, toGroupDto(made))),
      ),
    );
    response.location(`/v1/groups/${group.id}`);
    return group;
  }

  /** List groups by name: all for an admin, else those that the caller is in. */
  @Get()
  @RequirePermission('groups:read')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<GroupPageDto> {
    const { items, nextCursor } = await this.groups.list(caller, query);
    return { items: items.map(toGroupDto), nextCursor };
  }

  /** Describe a group. */
  @Get(':id')
  @AnswersWith('ETag')
  @RequirePermission('groups:read')
  @ApiGroupKey()
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<GroupDto> {
    const group = await this.groups.get(caller, id);
    response.set('ETag', etagOf(editable(group)));
    return toGroupDto(group);
  }

  /**
   * Edit a group.
   *
   * @remarks Fields that are left out stay as they are.
   */
  @Patch(':id')
  @AnswersWith('ETag')
  @RequirePermission('groups:write')
  @ApiGroupKey()
  @ApiIfMatch()
  @ApiProblems({ 409: ['group-name-taken'] })
  async patch(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: PatchGroupDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<GroupDto> {
    const group = await this.groups.patch(caller, id, body, isExpectedBy(ifMatch));
    response.set('ETag', etagOf(editable(group)));
    return toGroupDto(group);
  }

  /** Remove a group, and with it what was granted to it. */
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('groups:write')
  @ApiGroupKey()
  async remove(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    await this.groups.remove(caller, id);
  }
}
