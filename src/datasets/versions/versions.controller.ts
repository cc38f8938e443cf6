import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { sendContent } from '../../core/http/content/content-response.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ContentReader } from '../../storage/index.js';
import { ApiDatasetKey, ApiVersionRef } from '../datasets.openapi.js';
import { DatasetsService } from '../datasets.service.js';
import { PageQuery } from '../../core/http/page.query.js';
import { cacheControl, isPinned } from '../refs/ref-names.js';
import { ListVersionFilesQuery } from './dto/list-version-files.query.js';
import { VersionFilePageDto } from './dto/version-file.dto.js';
import { VersionDto, VersionPageDto } from './dto/version.dto.js';
import { OVERLAY_SCHEMA_PATH } from './overlay-schema.controller.js';
import { ServedFiles } from './served-files.service.js';
import { VersionReader } from './version-reader.service.js';
import { toServedFile, toVersionDto, toVersionFileDto } from './versions.mapper.js';

@ApiTags('versions')
@Controller('datasets/:id/versions')
export class VersionsController {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly reader: VersionReader,
    private readonly contents: ContentReader,
    private readonly served: ServedFiles,
  ) {}

  /** List the versions of a dataset, newest first, of every branch. */
  @Get()
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async list(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: PageQuery,
  ): Promise<VersionPageDto> {
    const dataset = await this.datasets.get(caller, id);
    const { items, nextCursor } = await this.reader.list(dataset.id, query);
    return { items: items.map(toVersionDto), nextCursor };
  }

  /** Describe a version. */
  @Get(':ref')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('ref') ref: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<VersionDto> {
    const dataset = await this.datasets.get(caller, id);
    const version = await this.reader.resolve(dataset, ref);
    response.set('Cache-Control', cacheControl(isPinned(ref)));
    return toVersionDto(version);
  }

  /**
   * Read the overlay document of a version.
   *
   * @remarks Its changes against its parent as canonical JSON (RFC 8785); its schema is at
   * `/v1/schemas/overlay`.
   */
  @Get(':ref/overlay')
  @AnswersWith('ETag', 'Repr-Digest')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ApiOkResponse({ content: { 'application/json': { schema: { type: 'object' } } } })
  @ApiProblems({ 412: ['etag-mismatch'], 500: ['object-missing', 'object-corrupt'] })
  async overlay(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('ref') ref: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const dataset = await this.datasets.get(caller, id);
    const version = await this.reader.resolve(dataset, ref);
    const { contentHash, size } = await this.contents.describe(version.overlayFileId);
    response.links({ describedby: OVERLAY_SCHEMA_PATH });
    await sendContent(request, response, {
      sha256: contentHash,
      size,
      mimeType: 'application/json',
      fileName: `${dataset.slug}-v${version.versionNumber}-overlay.json`,
      cacheControl: cacheControl(isPinned(ref)),
      open: (range) => this.contents.open(version.overlayFileId, range),
    });
  }

  /** List the files of a version, in the order of the bytes of their paths. */
  @Get(':ref/files')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  async listFiles(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('ref') ref: string,
    @Query() { prefix, delimiter, cursor, limit }: ListVersionFilesQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<VersionFilePageDto> {
    const dataset = await this.datasets.get(caller, id);
    const { items, nextCursor } = await this.reader.listFiles(dataset, ref, {
      prefix: prefix.normalize('NFC'),
      delimiter: delimiter ?? null,
      cursor,
      limit,
    });
    response.set('Cache-Control', cacheControl(isPinned(ref)));
    return { items: items.map(toVersionFileDto), nextCursor };
  }

  /**
   * Download a file of a version by its path.
   *
   * @remarks Of a file with patches over its rows: what a job of the kind `compact` has made of it.
   */
  @Get(':ref/content/*path')
  @AnswersWith('ETag', 'Repr-Digest')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ApiOperation({
    summary: 'Download a file of a version by its path',
    description:
      'Of a file with patches over its rows: what a job of the kind `compact` has made of it.',
  })
  @ApiParam({ name: 'path', description: 'Path of the file.', example: 'data/weather.csv' })
  @ApiProblems({
    404: ['dataset-not-found', 'version-not-found', 'path-not-found'],
    409: ['file-patched'],
    412: ['etag-mismatch'],
    416: ['range-not-satisfiable'],
    500: ['object-missing', 'object-corrupt'],
  })
  async content(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('ref') ref: string,
    @Param('path') segments: string[],
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const path = segments.join('/');
    const dataset = await this.datasets.get(caller, id);
    const version = await this.reader.resolve(dataset, ref);
    const file = await this.reader.fileAt(version, path);
    const content = toServedFile(path, await this.served.of(path, file), this.contents);
    await sendContent(request, response, {
      ...content,
      cacheControl: cacheControl(isPinned(ref)),
    });
  }
}
