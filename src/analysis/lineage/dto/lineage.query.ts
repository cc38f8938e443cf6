import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { DIRECTIONS, type WalkOptions } from '../lineage.service.js';

export const LINEAGE_FORMATS = ['stratum', 'openlineage', 'prov'] as const;

export class LineageQuery {
  /** `upstream`: what it came of; `downstream`: what was made of it. */
  @ApiPropertyOptional({ enum: DIRECTIONS, default: 'both' })
  @IsOptional()
  @IsIn(DIRECTIONS)
  direction: WalkOptions['direction'] = 'both';

  /** Steps, each along one edge. */
  @ApiPropertyOptional({ type: 'integer', default: 10, minimum: 1, maximum: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  depth: number = 10;

  /** `openlineage`: run events of OpenLineage 2-0-2; `prov`: PROV-JSON (W3C member submission, 2013). */
  @ApiPropertyOptional({ enum: LINEAGE_FORMATS, default: 'stratum' })
  @IsOptional()
  @IsIn(LINEAGE_FORMATS)
  format: (typeof LINEAGE_FORMATS)[number] = 'stratum';
}
