import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DIRECTORY } from '../core/contracts/directory.contract.js';
import { PRINCIPAL_AUTHENTICATOR } from '../core/contracts/principal.contract.js';
import { ApiKeyAuthenticator } from './authentication/api-key-authenticator.service.js';
import { BearerAuthenticator } from './authentication/bearer-authenticator.service.js';
import { BearerGuard } from './authentication/bearer.guard.js';
import { KnownKeysRepository } from './authentication/known-keys.repository.js';
import { KnownPrincipals } from './authentication/known-principals.service.js';
import { TokenUsersRepository } from './authentication/oidc/token-users.repository.js';
import { TokenUsers } from './authentication/oidc/token-users.service.js';
import { TokenVerifier } from './authentication/oidc/token-verifier.service.js';
import { PermissionGuard } from './authentication/permission.guard.js';
import { TokenAuthenticator } from './authentication/token-authenticator.service.js';
import { DirectoryRepository } from './directory/directory.repository.js';
import { ApiKeyRecord } from './entities/api-key.entity.js';
import { GroupMember } from './entities/group-member.entity.js';
import { Group } from './entities/group.entity.js';
import { User } from './entities/user.entity.js';
import { GroupsController } from './groups/groups.controller.js';
import { GroupsRepository } from './groups/groups.repository.js';
import { GroupsService } from './groups/groups.service.js';
import { MembersController } from './groups/members.controller.js';
import { MembersRepository } from './groups/members.repository.js';
import { MembersService } from './groups/members.service.js';
import { ApiKeysController } from './keys/api-keys.controller.js';
import { ApiKeysRepository } from './keys/api-keys.repository.js';
import { ApiKeysService } from './keys/api-keys.service.js';
import { BootstrapKeyService } from './keys/bootstrap-key.service.js';
import { BootstrapKeysRepository } from './keys/bootstrap-keys.repository.js';
import { KeyUses } from './keys/key-uses.service.js';
import { LimitsModule } from './limits/limits.module.js';
import { MeController } from './me/me.controller.js';
import { MeService } from './me/me.service.js';
import { Ownership } from './users/ownership.js';
import { UsersController } from './users/users.controller.js';
import { UsersRepository } from './users/users.repository.js';
import { UsersService } from './users/users.service.js';

/** Who calls, and whether they may: a key or a token on every route that is not declared public. */
@Global()
@Module({
  imports: [
    DiscoveryModule,
    LimitsModule,
    TypeOrmModule.forFeature([ApiKeyRecord, Group, GroupMember, User]),
  ],
  controllers: [
    ApiKeysController,
    GroupsController,
    MeController,
    MembersController,
    UsersController,
  ],
  providers: [
    { provide: DIRECTORY, useClass: DirectoryRepository },
    { provide: PRINCIPAL_AUTHENTICATOR, useClass: BearerAuthenticator },
    ApiKeyAuthenticator,
    ApiKeysRepository,
    ApiKeysService,
    BearerGuard,
    BootstrapKeyService,
    BootstrapKeysRepository,
    GroupsRepository,
    GroupsService,
    KeyUses,
    KnownKeysRepository,
    KnownPrincipals,
    MeService,
    MembersRepository,
    MembersService,
    Ownership,
    PermissionGuard,
    TokenAuthenticator,
    TokenUsers,
    TokenUsersRepository,
    TokenVerifier,
    UsersRepository,
    UsersService,
  ],
  exports: [BearerGuard, BootstrapKeyService, DIRECTORY, LimitsModule, PermissionGuard],
})
export class AccessModule {}
