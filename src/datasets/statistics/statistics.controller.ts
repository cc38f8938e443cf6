import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ApiDatasetKey } from '../datasets.openapi.js';
import { DatasetStatisticsDto } from './dto/statistics.dto.js';
import { StatisticsService } from './statistics.service.js';

@ApiTags('datasets')
@Controller('datasets/:id/statistics')
export class StatisticsController {
  constructor(private readonly statistics: StatisticsService) {}

  /** Tell how large a dataset is, and what deduplication saves. */
  @Get()
  @Header('Cache-Control', 'no-cache')
  @RequirePermission('datasets:read', 'reader')
  @ApiDatasetKey()
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<DatasetStatisticsDto> {
    return await this.statistics.get(caller, id);
  }
}
