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
import { ApiIfMatch, ApiUserKey, CREATE_PROBLEMS } from '../access.openapi.js';
import { etagOf, isExpectedBy } from '../edit-etag.js';
import { UserDto, UserPageDto } from './dto/user.dto.js';
import { CreateUserDto, PatchUserDto } from './dto/user-fields.dto.js';
import { toUserDto } from './users.mapper.js';
import { editable, UsersService } from './users.service.js';

@ApiTags('access')
@Controller('users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /**
   * Make a user.
   *
   * @remarks It gets in with a key: `POST /v1/api-keys` with its `userId`.
   */
  @Post()
  @RequirePermission('users:write')
  @ApiIdempotencyKey()
  @AnswersWith('Location')
  @ApiProblems({ ...CREATE_PROBLEMS, 409: [...CREATE_PROBLEMS[409], 'user-name-taken'] })
  async create(
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: CreateUserDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UserDto> {
    const scope = { principalId: caller.id, route: 'POST /v1/users', key };
    const user = await this.idempotency.once<UserDto>(scope, body, async (record) =>
      toUserDto(await this.users.create(caller, body, (tx, made) => record(tx, toUserDto(made)))),
    );
    response.location(`/v1/users/${user.id}`);
    return user;
  }

  /** List users by name: all for an admin, else the caller. */
  @Get()
  @RequirePermission('users:read')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<UserPageDto> {
    const { items, nextCursor } = await this.users.list(caller, query);
    return { items: items.map(toUserDto), nextCursor };
  }

  /** Describe a user. */
  @Get(':id')
  @AnswersWith('ETag')
  @RequirePermission('users:read')
  @ApiUserKey()
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UserDto> {
    const user = await this.users.get(caller, id);
    response.set('ETag', etagOf(editable(user)));
    return toUserDto(user);
  }

  /**
   * Edit a user.
   *
   * @remarks Fields that are left out stay as they are. A user who is disabled is kept out at once.
   */
  @Patch(':id')
  @AnswersWith('ETag')
  @RequirePermission('users:write')
  @ApiUserKey()
  @ApiIfMatch()
  @ApiProblems({ 409: ['user-name-taken', 'last-admin', 'bootstrap-key'] })
  async patch(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: PatchUserDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UserDto> {
    const user = await this.users.patch(caller, id, body, isExpectedBy(ifMatch));
    response.set('ETag', etagOf(editable(user)));
    return toUserDto(user);
  }

  /**
   * Remove a user, with keys, memberships and grants.
   *
   * @remarks One who owns datasets or has uploaded files stays: disable the user instead.
   */
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('users:write')
  @ApiUserKey()
  @ApiProblems({ 409: ['user-in-use', 'last-admin', 'bootstrap-key'] })
  async remove(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    await this.users.remove(caller, id);
  }
}
