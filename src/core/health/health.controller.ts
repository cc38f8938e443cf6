import { Controller, Get, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../http/permissions.js';
import { HealthChecks, type HealthReport } from './health-checks.js';
import { HealthDto, ReadinessDto } from './health.dto.js';

@ApiTags('health')
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(private readonly checks: HealthChecks) {}

  /** Whether the process runs. */
  @Get('live')
  @Public()
  @ApiOkResponse({ type: HealthDto })
  live(): HealthDto {
    return { status: 'up' };
  }

  /** Whether requests can be served: the database and the storage answer. */
  @Get('ready')
  @Public()
  @ApiOkResponse({ type: ReadinessDto })
  @ApiServiceUnavailableResponse({ type: ReadinessDto })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessDto> {
    const { isReady, checks }: HealthReport = await this.checks.report();
    response.status(isReady ? 200 : 503).set('Cache-Control', 'no-store');
    return { status: isReady ? 'up' : 'down', checks };
  }
}
