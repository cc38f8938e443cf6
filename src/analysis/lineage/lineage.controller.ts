import { applyDecorators, Controller, Get, Param, Query } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ApiVersionRef } from '../../datasets/index.js';
import { FileIdPipe } from '../../storage/index.js';
import { LineageDto } from './dto/lineage.dto.js';
import { LineageQuery } from './dto/lineage.query.js';
import type { LineageGraph } from './lineage-graph.js';
import { toLineageDto } from './lineage.mapper.js';
import { LineageService } from './lineage.service.js';
import { toOpenLineage } from './open-lineage.js';
import { toProv } from './prov.js';

/** What the three routes have in common: the graph in one of its forms. */
const ApiLineage = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(LineageDto),
    ApiOkResponse({
      description:
        'The graph; with `format=openlineage` an array of run events, with `format=prov` a document in PROV-JSON.',
      schema: {
        oneOf: [
          { $ref: getSchemaPath(LineageDto) },
          { type: 'array', items: { type: 'object', additionalProperties: true } },
          { type: 'object', additionalProperties: true },
        ],
      },
    }),
  );

@ApiTags('lineage')
@Controller()
export class LineageController {
  constructor(private readonly lineage: LineageService) {}

  /**
   * Where a file comes from, and what was made of it.
   *
   * @remarks By its content: the same bytes are one artifact, wherever they lie. What the caller may not read
   * is left out; docs/lineage.md says what is shown of jobs.
   */
  @Get('files/:id/lineage')
  @RequirePermission('files:read')
  @ApiLineage()
  @ApiProblems({ 400: ['validation-failed'], 404: ['file-not-found'] })
  async ofFile(
    @Caller() caller: Principal,
    @Param('id', FileIdPipe) id: number,
    @Query() query: LineageQuery,
  ): Promise<object> {
    return inFormat(query, await this.lineage.ofFile(caller, id, query));
  }

  /**
   * What a job has read and made, and so on in both directions.
   *
   * @remarks Also of a job that `GET /v1/jobs/{id}` has forgotten, while something is left that it has made.
   */
  @Get('jobs/:id/lineage')
  @RequirePermission('jobs:read')
  @ApiLineage()
  @ApiProblems({ 400: ['validation-failed'], 404: ['job-not-found'] })
  async ofJob(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: LineageQuery,
  ): Promise<object> {
    return inFormat(query, await this.lineage.ofJob(caller, id, query));
  }

  /** Where the files of a version come from, and what was made of it. */
  @Get('datasets/:id/versions/:ref/lineage')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ApiLineage()
  @ApiProblems({ 400: ['validation-failed'] })
  async ofVersion(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('ref') ref: string,
    @Query() query: LineageQuery,
  ): Promise<object> {
    return inFormat(query, await this.lineage.ofVersion(caller, id, ref, query));
  }
}

function inFormat({ format }: LineageQuery, graph: LineageGraph): object {
  if (format === 'openlineage') return toOpenLineage(graph);
  return format === 'prov' ? toProv(graph) : toLineageDto(graph);
}
