import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ApiDatasetKey, cacheControl, isPinned } from '../../datasets/index.js';
import { SchemasService } from '../schema/schemas.service.js';
import { TableSources } from '../sources/table-sources.service.js';
import { compareSchemas } from './compare-schemas.js';
import { SchemaDiffDto } from './dto/schema-diff.dto.js';
import { SchemaDiffQuery } from './dto/schema-diff.query.js';

@ApiTags('tables')
@Controller('datasets/:id/diff')
export class SchemaDiffController {
  constructor(
    private readonly sources: TableSources,
    private readonly schemas: SchemasService,
  ) {}

  /**
   * Compare the schema of a file in two versions.
   *
   * @remarks With a verdict: whether whoever reads the one can read the other.
   */
  @Get('schema')
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  @ApiOkResponse({ type: SchemaDiffDto })
  @ApiProblems({
    400: ['validation-failed'],
    404: ['dataset-not-found', 'version-not-found', 'path-not-found'],
    410: ['version-deleted'],
    422: ['not-tabular', 'table-unreadable', 'engine-deadline', 'engine-memory', 'engine-crashed'],
    500: ['object-missing', 'object-corrupt'],
    503: ['engine-busy', 'storage-unavailable'],
  })
  async compare(
    @Caller() caller: Principal,
    @Param('id') datasetKey: string,
    @Query() { base, head, path, headPath = path }: SchemaDiffQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SchemaDiffDto> {
    // One after the other: where both are wrong, it is the base that is told of, each time.
    const before = await this.sources.resolve(caller, { datasetKey, ref: base, path });
    const after = await this.sources.resolve(caller, { datasetKey, ref: head, path: headPath });
    const [baseColumns, headColumns] = await Promise.all([
      this.schemas.columnsOf(before, caller.id),
      this.schemas.columnsOf(after, caller.id),
    ]);
    response.set('Cache-Control', cacheControl(isPinned(base) && isPinned(head)));
    return compareSchemas(baseColumns, headColumns);
  }
}
