import { Body, Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { GcReportDto, GcStatusDto, RunGcDto } from './dto/gc.dto.js';
import { GarbageCollector } from './garbage-collector.service.js';
import { GcStatus } from './gc-status.service.js';

@ApiTags('operation')
@Controller('admin/gc')
export class GcController {
  constructor(
    private readonly collector: GarbageCollector,
    private readonly status: GcStatus,
  ) {}

  /**
   * Tell how the garbage collector stands.
   *
   * @remarks What it would do now, what it has done, which removals fail, and how much is stored. For admins
   * of the installation.
   */
  @Get()
  @Header('Cache-Control', 'no-store')
  @RequirePermission('storage:manage')
  async get(): Promise<GcStatusDto> {
    return await this.status.read();
  }

  /**
   * Have the garbage collector take a turn now.
   *
   * @remarks Answers when the turn is over; it goes on when the caller leaves. Turns of one process come one
   * after the other. A turn that a brake has held back says so in `heldBack`, with 200. For admins of
   * the installation.
   */
  @Post()
  @HttpCode(200)
  @RequirePermission('storage:manage')
  async run(@Caller() caller: Principal, @Body() options: RunGcDto): Promise<GcReportDto> {
    return await this.collector.run(caller, options);
  }
}
