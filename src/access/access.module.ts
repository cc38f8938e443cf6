import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PRINCIPAL_AUTHENTICATOR } from '../core/contracts/principal.contract.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.service.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { BootstrapKeyService } from './bootstrap-key.service.js';
import { ApiKeyRecord } from './entities/api-key.entity.js';
import { Group } from './entities/group.entity.js';
import { GroupMember } from './entities/group-member.entity.js';
import { User } from './entities/user.entity.js';
import { LimitsModule } from './limits/limits.module.js';

/** Who calls, and whether they may: a key on every route that is not declared public. */
@Module({
  imports: [LimitsModule, TypeOrmModule.forFeature([ApiKeyRecord, Group, GroupMember, User])],
  providers: [
    ApiKeysRepository,
    BootstrapKeyService,
    { provide: PRINCIPAL_AUTHENTICATOR, useClass: ApiKeyAuthenticator },
    ApiKeyGuard,
  ],
  exports: [ApiKeyGuard, BootstrapKeyService, LimitsModule],
})
export class AccessModule {}
