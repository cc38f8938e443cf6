import { Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { PageQuery } from '../../core/http/page.query.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ApiGroupKey, ApiUserKey } from '../access.openapi.js';
import { MemberPageDto } from './dto/member.dto.js';
import { toMemberDto } from './groups.mapper.js';
import { MembersService } from './members.service.js';

const NOT_FOUND = { 404: ['group-not-found', 'user-not-found'] } as const;

@ApiTags('access')
@Controller('groups/:id/members')
export class MembersController {
  constructor(private readonly members: MembersService) {}

  /** List who is in a group, by name. */
  @Get()
  @RequirePermission('groups:read')
  @ApiGroupKey()
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: PageQuery,
  ): Promise<MemberPageDto> {
    const { items, nextCursor } = await this.members.list(caller, id, query);
    return { items: items.map(toMemberDto), nextCursor };
  }

  /** Put a user into a group. */
  @Put(':userId')
  @HttpCode(204)
  @RequirePermission('groups:write')
  @ApiGroupKey()
  @ApiUserKey('userId')
  @ApiProblems(NOT_FOUND)
  async add(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('userId') userId: string,
  ): Promise<void> {
    await this.members.add(caller, id, userId);
  }

  /** Take a user out of a group. */
  @Delete(':userId')
  @HttpCode(204)
  @RequirePermission('groups:write')
  @ApiGroupKey()
  @ApiUserKey('userId')
  @ApiProblems(NOT_FOUND)
  async remove(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('userId') userId: string,
  ): Promise<void> {
    await this.members.remove(caller, id, userId);
  }
}
