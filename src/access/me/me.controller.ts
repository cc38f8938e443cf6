import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { MeDto } from './dto/me.dto.js';
import { toMeDto } from './me.mapper.js';
import { MeService } from './me.service.js';

@ApiTags('access')
@Controller('me')
export class MeController {
  constructor(private readonly me: MeService) {}

  /** Who calls, and what they may do: any key or token may ask. */
  @Get()
  @RequirePermission('profile:read')
  async get(@Caller() caller: Principal): Promise<MeDto> {
    return toMeDto(await this.me.get(caller));
  }
}
