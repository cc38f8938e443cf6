import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Headers,
  HttpCode,
  Param,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiCreatedResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { EtagMismatchError, IfMatchRequiredError } from '../../core/errors/index.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { listsEtag } from '../../core/http/content/conditions.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ApiDatasetKey } from '../datasets.openapi.js';
import { PageQuery } from '../../core/http/page.query.js';
import { PutRefDto } from './dto/put-ref.dto.js';
import { RefDto, RefPageDto } from './dto/ref.dto.js';
import { cacheControl } from './ref-names.js';
import { toRefDto } from './refs.mapper.js';
import { RefsService, type Expectation, type Ref } from './refs.service.js';

const NO_CACHE = cacheControl(false);

const ApiRefName = (): MethodDecorator =>
  ApiParam({ name: 'name', description: 'Name of a branch or a tag.', example: 'v1.0' });
/** It names where the ref is, so to expect an ETag is to expect a version. */
const etagOf = ({ versionId }: Ref): string => `"${versionId}"`;

@ApiTags('refs')
@Controller('datasets/:id/refs')
export class RefsController {
  constructor(private readonly refs: RefsService) {}

  /** List the branches and tags of a dataset, by name. */
  @Get()
  @Header('Cache-Control', NO_CACHE)
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: PageQuery,
  ): Promise<RefPageDto> {
    const { items, nextCursor } = await this.refs.list(caller, id, query);
    return { items: items.map(toRefDto), nextCursor };
  }

  /** Where a branch or a tag is. */
  @Get(':name')
  @AnswersWith('ETag')
  @Header('Cache-Control', NO_CACHE)
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  @ApiRefName()
  @ApiProblems({ 404: ['dataset-not-found', 'ref-not-found'] })
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('name') name: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RefDto> {
    const ref = await this.refs.get(caller, id, name);
    response.set('ETag', etagOf(ref));
    return toRefDto(ref);
  }

  /**
   * Make a branch or a tag, or move a branch.
   *
   * @remarks To move one, say in `If-Match` where it is: its ETag, which is the id of its version in
   * quotes. Tags don't move.
   */
  @Put(':name')
  @AnswersWith('ETag')
  @RequirePermission('datasets:write', 'writer')
  @ApiDatasetKey()
  @ApiRefName()
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag of the ref that is there.',
  })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: '`*`: only make it, never move.',
  })
  @ApiOkResponse({ type: RefDto, description: 'It was there, and is where it was asked to be.' })
  @ApiCreatedResponse({ type: RefDto, description: 'It was made.' })
  @ApiProblems({
    404: ['dataset-not-found', 'version-not-found'],
    409: ['tag-immutable'],
    410: ['version-deleted'],
    412: ['etag-mismatch'],
    428: ['if-match-required'],
  })
  async put(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('name') name: string,
    @Headers() headers: Record<string, string | undefined>,
    @Body() { version, kind }: PutRefDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RefDto> {
    const wanted = { version: String(version), kind };
    const { ref, isNew } = await this.refs.put(caller, id, name, wanted, expectation(headers));
    response.status(isNew ? 201 : 200).set('ETag', etagOf(ref));
    return toRefDto(ref);
  }

  /** Remove a branch or a tag; its version stays. */
  @Delete(':name')
  @HttpCode(204)
  @RequirePermission('datasets:write', 'writer')
  @ApiDatasetKey()
  @ApiRefName()
  @ApiHeader({ name: 'If-Match', required: true, description: 'The ETag of the ref.' })
  @ApiProblems({
    404: ['dataset-not-found', 'ref-not-found'],
    409: ['default-branch'],
    412: ['etag-mismatch'],
    428: ['if-match-required'],
  })
  async remove(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('name') name: string,
    @Headers() headers: Record<string, string | undefined>,
  ): Promise<void> {
    await this.refs.remove(caller, id, name, expectation(headers));
  }
}

/** RFC 9110 section 13.1; nobody moves or removes a ref without saying where it is (RFC 6585, 428). */
function expectation(headers: Record<string, string | undefined>): Expectation {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  return (current) => {
    if (current === null) {
      if (ifMatch !== undefined) throw new EtagMismatchError('There is no such ref.');
      return;
    }
    if (ifNoneMatch !== undefined && listsEtag(ifNoneMatch, etagOf(current), 'weak')) {
      throw new EtagMismatchError('There is such a ref already.');
    }
    if (ifMatch === undefined) throw new IfMatchRequiredError();
    if (!listsEtag(ifMatch, etagOf(current), 'strong')) {
      throw new EtagMismatchError(`The ref is at version ${current.versionNumber} by now.`);
    }
  };
}
