import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { create as contentDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import type { Principal } from '../../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../../core/http/api-headers.js';
import { ApiProblems } from '../../../core/http/api-problems.js';
import { listsEtag } from '../../../core/http/content/conditions.js';
import { AS_ATTACHMENT, begun, transfer } from '../../../core/http/content/content-response.js';
import { Caller, RequirePermission } from '../../../core/http/permissions.js';
import { ApiVersionRef } from '../../datasets.openapi.js';
import { DatasetsService } from '../../datasets.service.js';
import { cacheControl, isPinned } from '../../refs/ref-names.js';
import { VersionReader } from '../version-reader.service.js';
import { ArchiveService } from './archive.service.js';
import { ArchiveQuery } from './dto/archive.query.js';

@ApiTags('versions')
@Controller('datasets/:id/versions')
export class ArchiveController {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly reader: VersionReader,
    private readonly archives: ArchiveService,
  ) {}

  @Get(':ref/archive')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ApiOperation({
    summary: 'Download a version as a zip',
    description: `All files, or those below a prefix, stored without compression and streamed: a version of any size. The last entry is \`manifest.json\`: it lists every file with its size, SHA-256 and types. Where a path of the version begins with that name, it is \`manifest-<id of the version>.json\`.

A transfer that ends well is whole: a file that is lost or damaged breaks it before its end. The same version is the same bytes every time.`,
  })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'Answer 304 when the archive has this ETag.',
  })
  @ApiProduces('application/zip')
  @AnswersWith('ETag')
  @ApiResponse({
    status: 200,
    description: 'The archive.',
    content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiResponse({ status: 304, description: 'The caller has this archive.' })
  @ApiProblems({
    400: ['validation-failed'],
    409: ['file-patched'],
    500: ['object-missing', 'object-corrupt'],
  })
  async download(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('ref') ref: string,
    @Query() { prefix }: ArchiveQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const dataset = await this.datasets.get(caller, id);
    const version = await this.reader.resolve(dataset, ref);
    const etag = `"${version.id}-zip"`;
    response.set({
      ETag: etag,
      'Accept-Ranges': 'none',
      'Cache-Control': cacheControl(isPinned(ref)),
    });
    const known = request.header('if-none-match');
    if (known !== undefined && listsEtag(known, etag, 'weak')) {
      response.status(304).end();
      return;
    }
    await this.archives.check(dataset, version, prefix.normalize('NFC'));
    response.set({
      'Content-Type': 'application/zip',
      'Content-Disposition': contentDisposition(`${dataset.slug}-v${version.versionNumber}.zip`),
      ...AS_ATTACHMENT,
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const archive = this.archives.open(dataset, version, prefix.normalize('NFC'));
    await transfer(await begun(Readable.from(archive, { objectMode: false })), response);
  }
}
