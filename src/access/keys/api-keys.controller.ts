import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { ApiIdempotencyKey } from '../../core/http/idempotency-key.openapi.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { IdempotencyService } from '../../core/idempotency/idempotency.service.js';
import { CREATE_PROBLEMS } from '../access.openapi.js';
import { toApiKeyDto, toNewApiKeyDto } from './api-keys.mapper.js';
import { ApiKeysService, type NewApiKey, type RecordKey } from './api-keys.service.js';
import { ApiKeyDto, ApiKeyPageDto, NewApiKeyDto } from './dto/api-key.dto.js';
import { CreateApiKeyDto } from './dto/create-api-key.dto.js';
import { ListApiKeysQuery } from './dto/list-api-keys.query.js';
import { RotateApiKeyDto } from './dto/rotate-api-key.dto.js';

const ApiKeyId = (): MethodDecorator => ApiParam({ name: 'id', description: 'Id of an API key.' });

/** `undefined`: nothing was said; `null`: never. */
const momentOf = (text: string | null | undefined): Date | null | undefined =>
  typeof text === 'string' ? new Date(text) : text;

interface Call {
  caller: Principal;
  route: string;
  key: string | undefined;
}

/** The first has no `userId`: it works for everybody, and before there is another user. */
const EXAMPLES = {
  'of your own': {
    value: {
      name: 'nightly import',
      scopes: ['files:read', 'datasets:read'],
      expiresAt: '2030-01-31T12:00:00Z',
    },
  },
  'of another user': { value: { name: 'first key', userId: 'ada' } },
};

@ApiTags('access')
@Controller('api-keys')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /**
   * Make an API key.
   *
   * @remarks The answer shows the key this once. A repeat under the same `Idempotency-Key` makes no second
   * key, and answers with `key: null`, since the key is stored nowhere.
   */
  @Post()
  @AnswersWith('Location')
  @ApiBody({ type: CreateApiKeyDto, examples: EXAMPLES })
  @Header('Cache-Control', 'no-store')
  @RequirePermission('keys:write')
  @ApiIdempotencyKey()
  @ApiProblems({ ...CREATE_PROBLEMS, 403: ['key-exceeds-caller'], 404: ['user-not-found'] })
  async create(
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: CreateApiKeyDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<NewApiKeyDto> {
    const given = Object.assign({}, body, { expiresAt: momentOf(body.expiresAt) });
    const made = await this.once({ caller, route: 'POST /v1/api-keys', key }, body, (record) =>
      this.keys.create(caller, given, record),
    );
    response.location(`/v1/api-keys/${made.id}`);
    return made;
  }

  /** List API keys, newest first: the caller's own, or as an admin asks. */
  @Get()
  @RequirePermission('keys:read')
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'], 404: ['user-not-found'] })
  async list(
    @Caller() caller: Principal,
    @Query() query: ListApiKeysQuery,
  ): Promise<ApiKeyPageDto> {
    const { items, nextCursor } = await this.keys.list(caller, query);
    return { items: items.map(toApiKeyDto), nextCursor };
  }

  /** Describe an API key. */
  @Get(':id')
  @RequirePermission('keys:read')
  @ApiKeyId()
  @ApiProblems({ 404: ['api-key-not-found'] })
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<ApiKeyDto> {
    return toApiKeyDto(await this.keys.get(caller, id));
  }

  /** Revoke an API key: it is good for nothing from now on. */
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('keys:write')
  @ApiKeyId()
  @ApiProblems({ 404: ['api-key-not-found'], 409: ['bootstrap-key'] })
  async revoke(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    await this.keys.revoke(caller, id);
  }

  /**
   * Replace an API key by a new one with the same name and scopes.
   *
   * @remarks Both are good for `overlapSeconds`; by default the old one ends at once. The answer shows the
   * new key this once.
   */
  @Post(':id/rotate')
  @AnswersWith('Location')
  @Header('Cache-Control', 'no-store')
  @RequirePermission('keys:write')
  @ApiKeyId()
  @ApiIdempotencyKey()
  @ApiProblems({
    ...CREATE_PROBLEMS,
    403: ['key-exceeds-caller'],
    404: ['api-key-not-found'],
    409: [...CREATE_PROBLEMS[409], 'api-key-ended', 'bootstrap-key'],
  })
  async rotate(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: RotateApiKeyDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<NewApiKeyDto> {
    const given = Object.assign({}, body, { expiresAt: momentOf(body.expiresAt) });
    const call = { caller, route: 'POST /v1/api-keys/{id}/rotate', key };
    const made = await this.once(call, Object.assign({ id }, body), (record) =>
      this.keys.rotate(caller, id, given, record),
    );
    response.location(`/v1/api-keys/${made.id}`);
    return made;
  }

  /** What is recorded for a repeat, and so what is stored, is the answer without the key. */
  private async once(
    { caller, route, key }: Call,
    asked: object,
    make: (record: RecordKey) => Promise<NewApiKey>,
  ): Promise<NewApiKeyDto> {
    const scope = { principalId: caller.id, route, key };
    return await this.idempotency.once<NewApiKeyDto>(scope, asked, async (record) => {
      const made = await make((tx, view) => record(tx, toNewApiKeyDto(view, null)));
      return toNewApiKeyDto(made, made.key);
    });
  }
}
