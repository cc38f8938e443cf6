import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../core/http/api-problems.js';
import { RequirePermission } from '../../core/http/permissions.js';
import { AuditLogReader } from './audit-log-reader.service.js';
import { toAuditEntryDto } from './audit.mapper.js';
import { AuditPageDto } from './dto/audit-entry.dto.js';
import { ListAuditQuery } from './dto/list-audit.query.js';

@ApiTags('audit')
@Controller('audit')
export class AuditController {
  constructor(private readonly log: AuditLogReader) {}

  /**
   * Read the audit log, newest first.
   *
   * @remarks One entry for each request that has changed something, written in the transaction of the
   * change. For admins of the installation. `npm run audit:verify` tells whether the log is what it was.
   */
  @Get()
  @ApiProblems({ 400: ['validation-failed', 'cursor-mismatch'] })
  @RequirePermission('audit:read')
  async list(@Query() query: ListAuditQuery): Promise<AuditPageDto> {
    const { items, nextCursor } = await this.log.list(query);
    return { items: items.map(toAuditEntryDto), nextCursor };
  }
}
