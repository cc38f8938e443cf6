import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { QUOTAS } from '../../core/contracts/quotas.contract.js';
import { AddressLimitMiddleware } from './address-limit.middleware.js';
import { QuotaUsage } from './entities/quota-usage.entity.js';
import { RateLimit } from './entities/rate-limit.entity.js';
import { InstallationQuota } from './installation-quota.service.js';
import { KeyLimitGuard } from './key-limit.guard.js';
import { QuotasRepository } from './quotas.repository.js';
import { QuotasService } from './quotas.service.js';
import { RateLimiter } from './rate-limiter.service.js';
import { RateLimitsRepository } from './rate-limits.repository.js';
import { UsageCounts } from './usage-counts.service.js';
import { UsagesRepository } from './usages.repository.js';

/** How much of the service anybody may take: requests a minute, and bytes. Global, as a contract of core. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([QuotaUsage, RateLimit])],
  providers: [
    { provide: QUOTAS, useClass: QuotasService },
    AddressLimitMiddleware,
    InstallationQuota,
    KeyLimitGuard,
    QuotasRepository,
    RateLimiter,
    RateLimitsRepository,
    UsageCounts,
    UsagesRepository,
  ],
  exports: [QUOTAS, AddressLimitMiddleware, KeyLimitGuard],
})
export class LimitsModule {}
