import {
  Controller,
  Delete,
  Get,
  Head,
  HttpCode,
  Options,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { StreamedBody } from '../../core/http/json-body.guard.js';
import { PageQuery } from '../../core/http/page.query.js';
import { Caller, Public, RequirePermission } from '../../core/http/permissions.js';
import { UploadPageDto } from './dto/upload.dto.js';
import { TusVersionGuard } from './tus-version.guard.js';
import { UploadIdPipe } from './upload-id.pipe.js';
import { UploadReceiver } from './upload-receiver.js';
import { toProgressHeaders, toUploadDto, toUploadHeaders } from './uploads.mapper.js';
import {
  ApiAppendUpload,
  ApiCreateUpload,
  ApiEndUpload,
  ApiHeadUpload,
  ApiUploadOptions,
} from './uploads.openapi.js';
import { UploadsService } from './uploads.service.js';

/** tus 1.0; what is common to all its answers is in `tusProtocol`. */
@ApiTags('files')
@Controller('uploads')
export class UploadsController {
  constructor(
    private readonly uploads: UploadsService,
    private readonly receiver: UploadReceiver,
  ) {}

  @Options()
  @ApiUploadOptions()
  @HttpCode(204)
  @Public()
  options(): void {}

  @Post()
  @ApiCreateUpload()
  @RequirePermission('files:write')
  @StreamedBody()
  @UseGuards(TusVersionGuard)
  async create(
    @Caller() caller: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    response.set(toProgressHeaders(await this.receiver.create(caller, request, response)));
  }

  /** List the caller's uploads that are not over; for an admin of the installation, everybody's. */
  @Get()
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  @RequirePermission('files:read')
  async list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<UploadPageDto> {
    const { items, nextCursor } = await this.uploads.list(caller, query);
    return { items: items.map(toUploadDto), nextCursor };
  }

  @Head(':id')
  @ApiHeadUpload()
  @RequirePermission('files:write')
  @UseGuards(TusVersionGuard)
  async head(
    @Caller() caller: Principal,
    @Param('id', UploadIdPipe) id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    response.set(toUploadHeaders(await this.uploads.get(caller, id)));
  }

  @Patch(':id')
  @ApiAppendUpload()
  @HttpCode(204)
  @RequirePermission('files:write')
  @StreamedBody()
  @UseGuards(TusVersionGuard)
  async append(
    @Caller() caller: Principal,
    @Param('id', UploadIdPipe) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const upload = await this.receiver.append(caller, id, request, response);
    response.set(toProgressHeaders(upload));
  }

  @Delete(':id')
  @ApiEndUpload()
  @HttpCode(204)
  @RequirePermission('files:write')
  @UseGuards(TusVersionGuard)
  async end(@Caller() caller: Principal, @Param('id', UploadIdPipe) id: string): Promise<void> {
    await this.uploads.end(caller, id);
  }
}
