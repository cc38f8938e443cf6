import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../core/http/permissions.js';
import { OVERLAY_SCHEMA } from './overlay.schema.js';

export const OVERLAY_SCHEMA_PATH = '/v1/schemas/overlay';

@ApiTags('versions')
@Controller('schemas')
export class OverlaySchemaController {
  /** The JSON Schema of overlay documents. */
  @Get('overlay')
  @RequirePermission('datasets:read')
  @Header('Content-Type', 'application/schema+json')
  @ApiOkResponse({ content: { 'application/schema+json': { schema: { type: 'object' } } } })
  overlay(): object {
    return OVERLAY_SCHEMA;
  }
}
