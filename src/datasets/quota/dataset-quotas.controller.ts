import { Body, Controller, Get, Header, Param, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { ApiDatasetKey } from '../datasets.openapi.js';
import { DatasetQuotasService } from './dataset-quotas.service.js';
import { PutQuotaDto, QuotaDto } from './dto/quota.dto.js';

@ApiTags('datasets')
@Controller('datasets/:id/quota')
export class DatasetQuotasController {
  constructor(private readonly quotas: DatasetQuotasService) {}

  /**
   * Tell how much a dataset may keep, and how much it does.
   *
   * @remarks For those who may change the dataset.
   */
  @Get()
  @Header('Cache-Control', 'no-cache')
  @RequirePermission('datasets:read', 'writer')
  @ApiDatasetKey()
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<QuotaDto> {
    return await this.quotas.get(caller, id);
  }

  /**
   * Set how much a dataset may keep.
   *
   * @remarks For admins of the installation alone. A quota below what the dataset keeps takes nothing from
   * it: commits that add contents are refused.
   */
  @Put()
  @RequirePermission('quotas:write', 'admin')
  @ApiDatasetKey()
  async put(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() { bytes }: PutQuotaDto,
  ): Promise<QuotaDto> {
    return await this.quotas.set(caller, id, bytes);
  }
}
