import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { ApiExtraModels, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { sendContent } from '../../core/http/content/content-response.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { StreamedBody } from '../../core/http/json-body.guard.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ContentReader } from '../content/content-reader.service.js';
import { CreatedFileDto, CreatedFilesDto, FileDto, FilePageDto } from './dto/file.dto.js';
import { FileDescriptionDto } from './dto/file-description.dto.js';
import { ListFilesQuery } from './dto/list-files.query.js';
import { PreflightDto, PreflightResultDto } from './dto/preflight.dto.js';
import { FileIdPipe } from './file-id.pipe.js';
import {
  toCreatedFileDto,
  toFileDto,
  toPreflightItemDto,
  toServedContent,
} from './files.mapper.js';
import { ApiBatchUpload, ApiContent, ApiFileId, ApiUpload } from './files.openapi.js';
import { FilesService } from './files.service.js';
import { Upload, type ReceivedUpload } from './upload/received-upload.js';
import { BatchUpload, UploadInterceptor } from './upload/upload.interceptor.js';

@ApiTags('files')
@ApiExtraModels(FileDescriptionDto)
@Controller('files')
export class FilesController {
  constructor(
    private readonly files: FilesService,
    private readonly reader: ContentReader,
  ) {}

  @Post()
  @ApiUpload()
  @RequirePermission('files:write')
  @StreamedBody()
  @UseInterceptors(UploadInterceptor)
  async upload(
    @Caller() caller: Principal,
    @Upload() { staged, claim }: ReceivedUpload,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CreatedFileDto> {
    const [file] = (await this.files.create(caller, staged, claim)).map(toCreatedFileDto);
    response.location(`/v1/files/${(file as CreatedFileDto).id}`);
    return file as CreatedFileDto;
  }

  @Post('batch')
  @ApiBatchUpload()
  @RequirePermission('files:write')
  @StreamedBody()
  @BatchUpload()
  @UseInterceptors(UploadInterceptor)
  async uploadBatch(
    @Caller() caller: Principal,
    @Upload() { staged, claim }: ReceivedUpload,
  ): Promise<CreatedFilesDto> {
    return { items: (await this.files.create(caller, staged, claim)).map(toCreatedFileDto) };
  }

  /**
   * Ask which contents need not be sent.
   *
   * @remarks Only contents that the caller may read are named; for all others the answer is the same as for
   * those that nobody has.
   */
  @Post('preflight')
  @HttpCode(200)
  @RequirePermission('files:read')
  async preflight(
    @Caller() caller: Principal,
    @Body() { digests }: PreflightDto,
  ): Promise<PreflightResultDto> {
    return { items: (await this.files.preflight(caller, digests)).map(toPreflightItemDto) };
  }

  /** List the files that the caller may read, newest first. */
  @Get()
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  @RequirePermission('files:read')
  async list(@Caller() caller: Principal, @Query() query: ListFilesQuery): Promise<FilePageDto> {
    const { items, nextCursor } = await this.files.list(caller, query);
    return { items: items.map(toFileDto), nextCursor };
  }

  /**
   * Describe a file.
   *
   * @remarks Type, name and metadata are those of the caller's latest upload of this content, else those of
   * the oldest use that the caller may read.
   */
  @Get(':id')
  @ApiFileId()
  @RequirePermission('files:read')
  async get(@Caller() caller: Principal, @Param('id', FileIdPipe) id: number): Promise<FileDto> {
    return toFileDto(await this.files.get(caller, id));
  }

  @Get(':id/content')
  @ApiContent()
  @RequirePermission('files:read')
  async content(
    @Caller() caller: Principal,
    @Param('id', FileIdPipe) id: number,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const file = await this.files.get(caller, id);
    await sendContent(request, response, toServedContent(file, this.reader));
  }

  /**
   * Give a file up.
   *
   * @remarks Ends every hold of the caller on it. Whoever else uses the same content keeps it; bytes that
   * nobody uses are removed after a grace.
   */
  @Delete(':id')
  @ApiFileId()
  @HttpCode(204)
  @RequirePermission('files:write')
  async release(@Caller() caller: Principal, @Param('id', FileIdPipe) id: number): Promise<void> {
    await this.files.release(caller, id);
  }
}
