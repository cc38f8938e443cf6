import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { RejectedRows } from '../../core/contracts/dataset-reader.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { waitPreferredBy } from '../../core/http/prefer.js';
import { ApiVersionRef, cacheControl, isPinned } from '../../datasets/index.js';
import { TableQuery } from '../dto/table.query.js';
import { PendingAnswers } from '../operations/pending-answers.service.js';
import { TableSources } from '../sources/table-sources.service.js';
import { FolderTables } from '../tables/folder-tables.service.js';
import { outputOrAccepted } from '../tabular-answers.js';
import { ReadsTables } from '../tabular.openapi.js';
import { RejectedRowsDto, SchemaDto } from './dto/schema.dto.js';
import { SchemasService } from './schemas.service.js';
import { toRejectedRowsDto, toSchemaDto } from './schema.mapper.js';

@ApiTags('tables')
@Controller('datasets/:id/versions/:ref')
export class SchemaController {
  constructor(
    private readonly sources: TableSources,
    private readonly folders: FolderTables,
    private readonly schemas: SchemasService,
    private readonly answers: PendingAnswers,
  ) {}

  /**
   * Read the schema of a file of a version.
   *
   * @remarks Its columns with their types, and how the file is read: for CSV the dialect that was found out.
   * Of a folder, the schema that its files have together, and how those differ that don't.
   */
  @Get('schema')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ReadsTables()
  @ApiOkResponse({ type: SchemaDto })
  async schema(
    @Caller() caller: Principal,
    @Param('id') datasetKey: string,
    @Param('ref') ref: string,
    @Query() { path, options: given }: TableQuery,
    @Headers('prefer') prefer: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const source = await this.sources.resolve(caller, { datasetKey, ref, path });
    const wait = waitPreferredBy(prefer);
    const input = { files: source.files, given };
    const answer = await this.answers.within(caller, 'schema', input, wait);
    const output = outputOrAccepted(response, answer);
    if (output === null) return;
    const { files, drift } = await this.folders.of(source, given, caller.id);
    const facts = await this.schemas.factsOf(files, given);
    response
      .set('Cache-Control', cacheControl(isPinned(ref)))
      .json(toSchemaDto(path, source, { output, files, drift, facts }));
  }

  /**
   * List rows of a file that can't be part of its table.
   *
   * @remarks Such as lines of a CSV with more cells than columns: nothing is dropped silently. They are
   * counted by reading the whole file, once.
   */
  @Get('rejected-rows')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ReadsTables()
  @ApiOkResponse({ type: RejectedRowsDto })
  async rejectedRows(
    @Caller() caller: Principal,
    @Param('id') datasetKey: string,
    @Param('ref') ref: string,
    @Query() { path, options: given }: TableQuery,
    @Headers('prefer') prefer: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const source = await this.sources.resolve(caller, { datasetKey, ref, path });
    const { files } = await this.folders.of(source, given, caller.id);
    const wait = waitPreferredBy(prefer);
    const answer = await this.answers.within(caller, 'rejectedRows', { files, given }, wait);
    const output = outputOrAccepted(response, answer);
    if (output === null) return;
    response
      .set('Cache-Control', cacheControl(isPinned(ref)))
      .json(toRejectedRowsDto(JSON.parse(output) as RejectedRows[]));
  }
}
