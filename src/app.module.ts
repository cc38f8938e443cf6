import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  AccessModule,
  AuditModule,
  BearerGuard,
  GrantsModule,
  KeyLimitGuard,
  PermissionGuard,
} from './access/index.js';
import { AnalysisModule } from './analysis/index.js';
import type { Env } from './core/config/config.js';
import { CoreModule } from './core/core.module.js';
import { JsonBodyGuard } from './core/http/json-body.guard.js';
import type { DatabaseAddress } from './core/database/index.js';
import { DatasetsModule, SearchModule } from './datasets/index.js';
import { StorageModule } from './storage/index.js';
import { TabularModule } from './tabular/index.js';

/** The only file that knows every module. */
@Module({})
export class AppModule {
  /** @param extensions more modules: kinds of jobs that are not ours */
  static with(
    env: Env,
    database: DatabaseAddress,
    extensions: readonly Type[] = [],
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.with(env, database),
        AccessModule,
        AnalysisModule,
        AuditModule,
        DatasetsModule,
        GrantsModule,
        SearchModule,
        StorageModule,
        TabularModule,
        ...extensions,
      ],
      // In this order: nobody's body is read before they have shown who they are, and may still ask.
      providers: [
        { provide: APP_GUARD, useExisting: BearerGuard },
        { provide: APP_GUARD, useExisting: KeyLimitGuard },
        { provide: APP_GUARD, useExisting: PermissionGuard },
        { provide: APP_GUARD, useExisting: JsonBodyGuard },
      ],
    };
  }
}
